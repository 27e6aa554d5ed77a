import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../src/embedded/postgres';
import type { EmbeddedPostgres } from '../src/embedded/postgres';
import { readAnchors } from '../src/persistence/audit-anchor';
import { AuditSealer } from '../src/persistence/audit-sealer';
import { createAuditTrail } from '../src/persistence/audit-trail';
import type { AuditVerification } from '../src/persistence/audit-trail-judge';
import { verifyAuditLog } from '../src/persistence/audit-verifier';
import { closePrisma, createPrisma } from '../src/persistence/client';
import type { PrismaClient } from '../src/persistence/client';
import { migrateDeploy, migrateDown } from '../src/persistence/migrations';
import type { AuditEvent } from '../src/ports/audit';
import { print } from './report';

const WRITERS = 8;
const ROWS = 10_000;
const ALL = 1_000;

/** As the gate writes it: an event of usual size. */
function eventOf(n: number): AuditEvent {
  return {
    key: `action_assessed/${n}`,
    eventType: 'action_assessed',
    actor: 'workflow',
    subjectType: 'approval',
    subjectId: `approval-${n}`,
    details: {
      action_type: 'RUN_EXPERIMENT',
      severity: 'S1',
      tier: 'safe',
      reason: 'S1 in lab mode',
      mode: 'lab',
      policy_version: 'sha256:000000000000',
      action_digest: '0'.repeat(64),
      estimated_cost_usd: 0.0125,
    },
  };
}

/** One event a call, as most steps write it, from so many writers at once; returns the time in ms. */
async function write(prisma: PrismaClient): Promise<number> {
  const trail = createAuditTrail(prisma);
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < ROWS) {
      next += 1;
      await trail.append([eventOf(next)]);
    }
  };
  return timed(() => Promise.all(Array.from({ length: WRITERS }, writer)));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Seals without a pause until it is told to stop, then what is left. */
async function sealUntil(sealer: AuditSealer, done: AbortSignal): Promise<void> {
  while (!done.aborted) await sealer.seal();
  await sealer.seal();
}

interface Figures {
  readonly writeMs: number;
  /** After the last row was written, until all are sealed. */
  readonly sealMs: number;
  readonly verifyMs: number;
}

/** Rows are written first and sealed afterwards, or sealed all the while. */
async function measure(server: EmbeddedPostgres, folder: string, meanwhile: boolean): Promise<Figures> {
  await migrateDown(server.url, ALL);
  await migrateDeploy(server.url, server.serviceUrl);
  const prisma = createPrisma(server.serviceUrl, { poolSize: WRITERS + 2 });
  const stop = new AbortController();
  try {
    const key = randomBytes(32);
    const anchorFile = join(folder, `${randomUUID()}.anchor`);
    const sealer = new AuditSealer(prisma, key, anchorFile);
    const sealing = meanwhile ? sealUntil(sealer, stop.signal) : undefined;
    const writeMs = await write(prisma);
    stop.abort();
    const sealMs = await timed(() => sealing ?? sealUntil(sealer, stop.signal));
    const { anchors } = await readAnchors(anchorFile);
    let found: AuditVerification | undefined;
    const verifyMs = await timed(async () => (found = await verifyAuditLog(prisma, key, anchors)));
    if (found?.ok !== true || found.head?.seq !== ROWS || found.unsealed.count !== 0) {
      throw new Error(`the chain is not intact: ${JSON.stringify(found)}`);
    }
    return { writeMs, sealMs, verifyMs };
  } finally {
    await closePrisma(prisma);
  }
}

const microsecondsPerRow = (ms: number): number => (ms * 1_000) / ROWS;

function written(what: string, { writeMs }: Figures): Record<string, string | number> {
  return {
    case: `${WRITERS} writers, ${ROWS} rows, ${what}`,
    writers: WRITERS,
    rows: ROWS,
    rows_written_per_second: (ROWS / writeMs) * 1_000,
    write_us_per_row: microsecondsPerRow(writeMs),
  };
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-bench-'));
  const log = { info: () => {}, warn: () => {} };
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log });
  try {
    // Warms up.
    await measure(server, folder, true);
    const afterwards = await measure(server, folder, false);
    const meanwhile = await measure(server, folder, true);
    print({
      ...written('sealed afterwards', afterwards),
      seal_us_per_row: microsecondsPerRow(afterwards.sealMs),
      verify_us_per_row: microsecondsPerRow(afterwards.verifyMs),
      seal_to_write_time: afterwards.sealMs / afterwards.writeMs,
      verify_to_write_time: afterwards.verifyMs / afterwards.writeMs,
    });
    print({
      ...written('sealed meanwhile', meanwhile),
      sealed_after_last_write_ms: meanwhile.sealMs,
      verify_us_per_row: microsecondsPerRow(meanwhile.verifyMs),
      write_time_to_unsealed_write_time: meanwhile.writeMs / afterwards.writeMs,
    });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

void main();
