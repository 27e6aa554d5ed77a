import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { PACKAGE_ROOT } from '../package-root';
import { grantToService, roleOf } from './service-role';

/** Why the schema is not what this version needs. */
export class MigrationError extends Error {
  constructor(
    /** `unreachable`: no connection · `pending`: not applied yet · `failed`: a script or the history is wrong. */
    readonly kind: 'unreachable' | 'pending' | 'failed',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'MigrationError';
  }
}

/** Names of migrations, oldest first. */
export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Applied to the database, but unknown to this version or changed since. */
  readonly unknown: readonly string[];
}

interface Migration {
  readonly name: string;
  readonly folder: string;
  readonly script: string;
  /** As Prisma computes it: SHA-256 of the script. */
  readonly checksum: string;
}

/** Serialises every start of every process; held by the session, so that a crash releases it. */
const LOCK = 7_461_000;

/**
 * The table that Prisma's CLI keeps, in its form: `prisma migrate status` and `deploy` go on working. Prisma's engine
 * is not used to apply: it commits a script before it records it, so that a kill in between leaves a history that
 * nobody can continue. Here the script and its record are one transaction.
 */
const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

/**
 * Applies what is pending, each migration in one transaction; returns the names applied. Where the service connects as
 * another role than the owner, that role is given what it needs. Safe to call from several processes at once.
 * @throws {MigrationError} `unreachable`, or `failed` with the script that failed and why: nothing of it remains.
 */
export async function migrateDeploy(url: string, serviceUrl = url): Promise<readonly string[]> {
  return withLock(url, async (client) => {
    await client.query(HISTORY_TABLE);
    const migrations = await readMigrations();
    const { pending, unknown } = await compare(client, migrations);
    if (unknown.length > 0) throw divergence(unknown);
    for (const migration of migrations.filter(({ name }) => pending.includes(name))) {
      await inTransaction(client, `migration ${migration.name}`, async () => {
        await client.query(migration.script);
        await client.query(
          `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
           VALUES ($1, $2, now(), $3, 1)`,
          [randomUUID(), migration.checksum, migration.name],
        );
      });
    }
    const service = roleOf(serviceUrl);
    if (service !== roleOf(url)) {
      await inTransaction(client, `granting rights to ${service}`, () => grantToService(client, service));
    }
    return pending;
  });
}

/** @throws {MigrationError} `unreachable`. */
export async function migrateStatus(url: string): Promise<MigrationStatus> {
  return withClient(url, async (client) => compare(client, await readMigrations()));
}

/** @throws {MigrationError} `unreachable`; `pending` or `failed` when the schema is not the one of this version. */
export async function requireMigrated(url: string): Promise<void> {
  const { pending, unknown } = await migrateStatus(url);
  if (unknown.length > 0) throw divergence(unknown);
  if (pending.length > 0) {
    throw new MigrationError(
      'pending',
      `run \`tinman migrate deploy\`: not applied yet: ${pending.join(', ')}`,
    );
  }
}

/**
 * Rolls back the last migrations, newest first, each in one transaction; returns their names. Data in what a
 * migration made is lost.
 * @throws {MigrationError} `unreachable` or `failed`.
 */
export async function migrateDown(url: string, steps = 1): Promise<readonly string[]> {
  return withLock(url, async (client) => {
    const migrations = await readMigrations();
    const { applied, unknown } = await compare(client, migrations);
    if (unknown.length > 0) throw divergence(unknown);
    const last = migrations
      .filter(({ name }) => applied.includes(name))
      .slice(-steps)
      .toReversed();
    for (const { name, folder } of last) {
      const script = await readFile(join(folder, 'down.sql'), 'utf8');
      await inTransaction(client, `migration ${name}`, async () => {
        await client.query(script);
        await client.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [name]);
      });
    }
    return last.map(({ name }) => name);
  });
}

async function compare(client: Client, migrations: readonly Migration[]): Promise<MigrationStatus> {
  const history = await readHistory(client);
  const matches = ({ name, checksum }: Migration): boolean => history.get(name) === checksum;
  const applied = migrations.filter((migration) => matches(migration)).map(({ name }) => name);
  return {
    applied,
    pending: migrations.map(({ name }) => name).filter((name) => !history.has(name)),
    unknown: [...history.keys()].filter((name) => !applied.includes(name)),
  };
}

/** Checksums by name; one that Prisma's CLI began and did not finish has none. */
async function readHistory(client: Client): Promise<ReadonlyMap<string, string | null>> {
  const { rows: found } = await client.query<{ present: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present`,
  );
  if (found[0]?.present !== true) return new Map();
  const { rows } = await client.query<{ name: string; checksum: string | null }>(
    `SELECT migration_name AS name, CASE WHEN finished_at IS NOT NULL THEN checksum END AS checksum
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

async function readMigrations(): Promise<readonly Migration[]> {
  const root = join(PACKAGE_ROOT, 'prisma', 'migrations');
  const entries = await readdir(root, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const folder = join(root, name);
      const script = await readFile(join(folder, 'migration.sql'), 'utf8');
      return { name, folder, script, checksum: createHash('sha256').update(script).digest('hex') };
    }),
  );
}

async function withLock<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(url, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    return work(client);
  });
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A lost connection also fails the query under way.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new MigrationError('unreachable', `cannot connect to the database: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function inTransaction(client: Client, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await client.query('BEGIN');
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new MigrationError('failed', `${what} failed, nothing of it remains: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function divergence(names: readonly string[]): MigrationError {
  return new MigrationError(
    'failed',
    `the database has migrations that this version does not know, or that changed or never ended: ${names.join(', ')}`,
  );
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each) => messageOf(each)).join('; ');
  return error instanceof Error ? error.message : String(error);
}
