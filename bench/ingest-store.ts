import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { startEmbeddedPostgres } from '../src/embedded/postgres';
import { createTraceIntake } from '../src/ingest/intake';
import { REDACTION_RULES } from '../src/ingest/redaction-rules';
import { closeDatabase, openDatabase } from '../src/persistence/client';
import { migrateDeploy } from '../src/persistence/migrations';
import { createTraceStore } from '../src/persistence/trace-store';

/**
 * Spans a second from bytes to committed rows: read, redacted and inserted by one process into a PostgreSQL on this
 * machine that writes everything to disk. Another document is stored before, so that V8 has compiled what it will.
 */
export async function storedPerSecond(
  warmUp: readonly Uint8Array[],
  document: readonly Uint8Array[],
  spans: number,
): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'tinman-bench-ingest-'));
  const log = { info: () => undefined, warn: () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), log });
  try {
    await migrateDeploy(postgres.url, postgres.serviceUrl);
    const database = openDatabase(postgres.serviceUrl, { poolSize: 4 });
    const intake = createTraceIntake({
      traces: createTraceStore(database),
      redaction: REDACTION_RULES,
      sampleRate: () => Promise.resolve(1),
    });
    await intake.receive(Readable.from(warmUp), { target: 'bench' });
    await database.prisma.$executeRaw`DELETE FROM traces`;
    const startedAt = performance.now();
    const { stored } = await intake.receive(Readable.from(document), { target: 'bench' });
    const seconds = (performance.now() - startedAt) / 1_000;
    await closeDatabase(database);
    if (stored !== spans) throw new Error(`${stored} of ${spans} spans were stored`);
    return Math.round(spans / seconds);
  } finally {
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  }
}
