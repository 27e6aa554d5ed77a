import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import type { PoolFigures } from '../ports/metrics';
import { PrismaClient, type Prisma } from './generated/client';

export type { PrismaClient };

/** What a store writes with inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/** A machine that is busy is no reason to fail: the first is the wait for a connection. In milliseconds. */
const TRANSACTION = { maxWait: 15_000, timeout: 30_000 };

/**
 * A client with a pool of at most `poolSize` connections, opened as they are needed. Its sessions are in UTC: Prisma's
 * adapter takes every time it reads for UTC, whatever the server's time zone.
 */
export function createPrisma(url: string, options: { readonly poolSize: number }): PrismaClient {
  return createObservedPrisma(url, options).prisma;
}

/** The same, with a look at its connections. */
export function createObservedPrisma(
  url: string,
  options: { readonly poolSize: number },
): { readonly prisma: PrismaClient; readonly pool: () => PoolFigures } {
  const pool = new Pool({ connectionString: url, max: options.poolSize, options: '-c TimeZone=UTC' });
  return {
    prisma: new PrismaClient({
      adapter: new PrismaPg(pool, { disposeExternalPool: true }),
      transactionOptions: TRANSACTION,
    }),
    pool: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  };
}

/** Waits for queries under way and closes the connections. */
export async function closePrisma(prisma: PrismaClient): Promise<void> {
  await prisma.$disconnect();
}
