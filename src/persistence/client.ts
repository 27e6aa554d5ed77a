import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolClient } from 'pg';
import type { PoolFigures } from '../ports/metrics';
import { PrismaClient, type Prisma } from './generated/client';

export type { PrismaClient };

/** What a store writes with inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/** A machine that is busy is no reason to fail: the first is the wait for a connection. In milliseconds. */
const TRANSACTION = { maxWait: 15_000, timeout: 30_000 };

/** A client of Prisma, and the connections under it for what Prisma has no words for. */
export interface Database {
  readonly prisma: PrismaClient;
  /** Ended with the client. */
  readonly pool: Pool;
}

/**
 * A pool of at most `poolSize` connections, opened as they are needed. Its sessions are in UTC: Prisma's adapter takes
 * every time it reads for UTC, whatever the server's time zone.
 */
export function openDatabase(url: string, options: { readonly poolSize: number }): Database {
  const pool = new Pool({ connectionString: url, max: options.poolSize, options: '-c TimeZone=UTC' });
  // Nothing was under way on a connection that breaks while it is idle; who needs one gets another.
  pool.on('error', () => undefined);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: true }),
    transactionOptions: TRANSACTION,
  });
  return { prisma, pool };
}

/** Only the client. */
export function createPrisma(url: string, options: { readonly poolSize: number }): PrismaClient {
  return openDatabase(url, options).prisma;
}

/** Runs `work` in a transaction of its own; what it throws undoes it. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isDone = false;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    isDone = true;
    return result;
  } finally {
    // A connection in the middle of something is not given to others: its end undoes it.
    client.release(!isDone);
  }
}

export function poolFigures({ totalCount, idleCount, waitingCount }: Pool): PoolFigures {
  return { open: totalCount, idle: idleCount, waiting: waitingCount };
}

/** Waits for what is under way and closes the connections. */
export async function closeDatabase({ prisma, pool }: Database): Promise<void> {
  await prisma.$disconnect();
  // A client that was never used leaves its pool open.
  if (!pool.ended) await pool.end();
}

/** The same for a client that is alone. */
export async function closePrisma(prisma: PrismaClient): Promise<void> {
  await prisma.$disconnect();
}
