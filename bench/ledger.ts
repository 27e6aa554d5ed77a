import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../src/embedded/postgres';
import { closeDatabase, openDatabase } from '../src/persistence/client';
import { createLedger } from '../src/persistence/ledger';
import { migrateDeploy } from '../src/persistence/migrations';
import type { Ledger } from '../src/ports/ledger';
import { print } from './report';

/** Experiments that reserve and settle at once. */
const LANES = [1, 8, 16] as const;
const POOL_SIZE = 20;
const CALLS_AT_ONCE = 5;
const ROUNDS = 500;
const WARM_UP_ROUNDS = 200;
const LIMIT_MICRO_USD = 1e12;
const MS = 1_000;

/** Reserves for a group of calls and settles them: two transactions, each of which locks the row of the global budget. */
async function round(ledger: Ledger, cycleId: string): Promise<void> {
  const entries = Array.from({ length: CALLS_AT_ONCE }, () => ({
    operation: `run/${randomUUID()}`,
    source: 'target',
    model: 'bench',
    amountMicroUsd: 100,
  }));
  const scopes = [{ scope: `cycle:${cycleId}`, limitMicroUsd: LIMIT_MICRO_USD }];
  const reserved = await ledger.reserve({ cycleId: null, scopes, entries });
  await ledger.settle(
    reserved.map((one) => {
      if (!one.admitted) throw new Error(`${one.operation} was not admitted`);
      return { key: one.key, outcome: 'settled', amountMicroUsd: 50 } as const;
    }),
  );
}

async function play(ledger: Ledger, lanes: number, rounds: number): Promise<number> {
  let left = rounds;
  const lane = async (): Promise<void> => {
    const cycleId = randomUUID();
    while (left > 0) {
      left -= 1;
      await round(ledger, cycleId);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return (performance.now() - startedAt) / MS;
}

async function main(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'tinman-bench-ledger-'));
  const log = { info: () => undefined, warn: () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), log });
  try {
    await migrateDeploy(postgres.url, postgres.serviceUrl);
    const database = openDatabase(postgres.serviceUrl, { poolSize: POOL_SIZE });
    const ledger = createLedger(database.prisma, {
      global: { limitMicroUsd: LIMIT_MICRO_USD, period: 'daily', hardLimit: true, warnThreshold: 0.8 },
    });
    for (const lanes of LANES) {
      await play(ledger, lanes, WARM_UP_ROUNDS);
      const seconds = await play(ledger, lanes, ROUNDS);
      print({
        case: `lanes ${lanes}`,
        lanes,
        transactions_per_second: (2 * ROUNDS) / seconds,
        calls_per_second: (CALLS_AT_ONCE * ROUNDS) / seconds,
      });
    }
    await closeDatabase(database);
  } finally {
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  }
}

void main();
