import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient, type Prisma } from './generated/client';

export type { Prisma, PrismaClient };

/** What a store writes with inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/** A client with a pool of at most `poolSize` connections, opened as they are needed. */
export function createPrisma(url: string, options: { readonly poolSize: number }): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: options.poolSize }) });
}

/** Waits for queries under way and closes the connections. */
export async function closePrisma(prisma: PrismaClient): Promise<void> {
  await prisma.$disconnect();
}
