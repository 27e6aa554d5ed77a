import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres';
import { fastestFolder } from './fastest-folder';

let running: { readonly server: EmbeddedPostgres; readonly dataDir: string } | undefined;

/** Starts one PostgreSQL for the whole jest run; workers find it by the variable. */
export async function startTestPostgres(): Promise<void> {
  const dataDir = await mkdtemp(join(await fastestFolder(), 'tinman-test-postgres-'));
  const server = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined, warn: () => undefined },
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  process.env['TINMAN_TEST_POSTGRES_URL'] = server.url;
  running = { server, dataDir };
}

export async function stopTestPostgres(): Promise<void> {
  if (running === undefined) return;
  await running.server.stop();
  await rm(running.dataDir, { recursive: true, force: true });
}
