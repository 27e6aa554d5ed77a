import type { Prisma } from './generated/client';

/** A look for something that must never be. */
export interface CheckQuery {
  readonly id: string;
  readonly title: string;
  readonly method: string;
  /** One row a record that was looked at: `record`, and `detail`, which is null where all is right. */
  readonly rows: Prisma.Sql;
}
