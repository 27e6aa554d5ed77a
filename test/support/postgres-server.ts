import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres';
import { isRunning } from '../../src/embedded/process-identity';
import { fastestFolder } from './fastest-folder';

const PREFIX = 'tinman-test-postgres-';

let running: { readonly server: EmbeddedPostgres; readonly dataDir: string } | undefined;

/** Starts one PostgreSQL for the whole jest run; workers find it by the variable. */
export async function startTestPostgres(): Promise<void> {
  const folder = await fastestFolder();
  await sweep(folder);
  const dataDir = await mkdtemp(join(folder, PREFIX));
  const server = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined, warn: () => undefined },
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  process.env['TINMAN_TEST_POSTGRES_URL'] = server.url;
  process.env['TINMAN_TEST_POSTGRES_SERVICE_URL'] = server.serviceUrl;
  running = { server, dataDir };
}

export async function stopTestPostgres(): Promise<void> {
  if (running === undefined) return;
  await running.server.stop();
  await rm(running.dataDir, { recursive: true, force: true });
}

const instanceSchema = z.object({
  owner: z.object({ pid: z.number(), started: z.string() }),
  postmaster: z.object({ pid: z.number(), started: z.string() }),
});

/** Ends and removes what runs that were killed left behind. */
async function sweep(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const text = await readFile(join(folder, name, 'instance.json'), 'utf8').catch(() => '');
    // Without a whole note it is being started just now.
    if (!text.endsWith('}')) continue;
    const { owner, postmaster } = instanceSchema.parse(JSON.parse(text));
    if (isRunning(owner)) continue;
    if (isRunning(postmaster)) process.kill(postmaster.pid, 'SIGKILL');
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 10 });
  }
}
