import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient, type Prisma } from './generated/client';

export type { PrismaClient };

/** What a store writes with inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/**
 * A client with a pool of at most `poolSize` connections, opened as they are needed. Its sessions are in UTC: Prisma's
 * adapter takes every time it reads for UTC, whatever the server's time zone.
 */
export function createPrisma(url: string, options: { readonly poolSize: number }): PrismaClient {
  const pool = { connectionString: url, max: options.poolSize, options: '-c TimeZone=UTC' };
  return new PrismaClient({ adapter: new PrismaPg(pool) });
}

/** Waits for queries under way and closes the connections. */
export async function closePrisma(prisma: PrismaClient): Promise<void> {
  await prisma.$disconnect();
}
