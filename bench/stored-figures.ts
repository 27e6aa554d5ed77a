import { Client, Connection } from '@temporalio/client';
import { Client as Database } from 'pg';
import { z } from 'zod';
import type { System } from './system';

const BYTES_PER_KB = 1_000;

/** What a system has stored and committed since its start. */
export interface Stored {
  readonly commits: number;
  /** Bytes of PostgreSQL's write-ahead log. */
  readonly walBytes: number;
  /** Bytes of tables and indices. */
  readonly databaseBytes: number;
  /** Connections to the database that are open now. */
  readonly connections: number;
}

const storedSchema = z.object({
  commits: z.coerce.number(),
  walBytes: z.coerce.number(),
  databaseBytes: z.coerce.number(),
  connections: z.coerce.number(),
});

/** Asks PostgreSQL itself; the connection that asks is not counted. */
export async function storedSoFar({ databaseUrl }: System): Promise<Stored> {
  const database = new Database({ connectionString: databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query(
      `SELECT xact_commit AS commits, pg_current_wal_lsn() - '0/0'::pg_lsn AS "walBytes",
              pg_database_size(datname) AS "databaseBytes", numbackends - 1 AS connections
       FROM pg_stat_database WHERE datname = current_database()`,
    );
    return storedSchema.parse(rows[0]);
  } finally {
    await database.end();
  }
}

/** What one of so many cycles added, and the connections that are open after them. */
export function storedPerCycle(
  before: Stored,
  after: Stored,
  cycles: number,
): Readonly<Record<string, number>> {
  return {
    commits_per_cycle: (after.commits - before.commits) / cycles,
    wal_kb_per_cycle: (after.walBytes - before.walBytes) / BYTES_PER_KB / cycles,
    database_kb_per_cycle: (after.databaseBytes - before.databaseBytes) / BYTES_PER_KB / cycles,
    database_connections: after.connections,
  };
}

/** The mean history of the cycles that Temporal holds: its events and their size. */
export async function historiesOf({ temporalAddress }: System): Promise<Readonly<Record<string, number>>> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const { workflow } = new Client({ connection });
    let [count, events, bytes] = [0, 0, 0];
    for await (const cycle of workflow.list({ query: `WorkflowType = 'researchCycle'` })) {
      count += 1;
      events += cycle.historyLength;
      bytes += cycle.historySize ?? 0;
    }
    return { history_events_per_cycle: events / count, history_kb_per_cycle: bytes / BYTES_PER_KB / count };
  } finally {
    await connection.close();
  }
}
