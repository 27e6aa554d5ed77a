import type { Settlement } from '../ports/ledger';
import { storableJson } from './columns';
import { billsOf } from './ledger';
import type { Prisma } from './generated/client';

/** What a row holds for each SQL type. */
interface Values {
  readonly uuid: string;
  readonly text: string;
  readonly 'text[]': readonly string[];
  readonly integer: number;
  readonly bigint: number;
  readonly float8: number;
  readonly boolean: boolean;
  readonly jsonb: unknown;
  readonly timestamptz: Date;
}

/** A table's columns that are written at insertion; the others have defaults. */
export interface InsertTable<C extends Columns> {
  readonly table: string;
  readonly columns: C;
}

export type InsertRow<C extends Columns> = {
  readonly [K in keyof C]: Values[C[K]] | null;
};

type Columns = Readonly<Record<string, keyof Values>>;

/**
 * Inserts the rows that are not there yet, in one statement with one parameter; returns how many were new.
 * Measured against Prisma's createMany with transcripts: a tenth of the time, whose cost is a plan a parameter.
 */
export async function insertMissing<C extends Columns>(
  db: Prisma.TransactionClient,
  table: InsertTable<C>,
  rows: readonly InsertRow<C>[],
): Promise<number> {
  if (rows.length === 0) return 0;
  return db.$executeRawUnsafe(insertion(table), storableJson(rows));
}

/** The same, with what the rows cost booked in the same statement: both or neither, without a transaction of its own. */
export async function insertMissingWithBills<C extends Columns>(
  db: Prisma.TransactionClient,
  table: InsertTable<C>,
  rows: readonly InsertRow<C>[],
  settlements: readonly Settlement[],
): Promise<void> {
  await db.$executeRawUnsafe(
    `WITH inserted AS (${insertion(table)}) SELECT ledger_settle($2::jsonb)`,
    storableJson(rows),
    billsOf(settlements),
  );
}

function insertion<C extends Columns>({ table, columns }: InsertTable<C>): string {
  const names = Object.keys(columns).map((name) => `"${name}"`);
  const typed = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`);
  return `INSERT INTO "${table}" (${names.join(', ')})
     SELECT ${names.join(', ')} FROM jsonb_to_recordset($1::jsonb) AS r(${typed.join(', ')})
     ON CONFLICT DO NOTHING`;
}
