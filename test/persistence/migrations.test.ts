import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  migrateDeploy,
  migrateDown,
  migrateStatus,
  MigrationError,
  requireMigrated,
} from '../../src/persistence/migrations';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres';

const ROOT = join(__dirname, '..', '..');

/** Every object a migration can make, with its definition, one line each. */
const CATALOG = `
  SELECT format('column %s.%s %s %s %s %s', table_name, column_name, ordinal_position, data_type, is_nullable,
                column_default) AS line
  FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL
  SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT format('trigger %s', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  ORDER BY line`;

async function query<T extends object>(url: string, sql: string): Promise<readonly T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function catalogOf(url: string): Promise<readonly string[]> {
  return (await query<{ line: string }>(url, CATALOG)).map(({ line }) => line);
}

async function prismaCli(url: string, ...args: readonly string[]): Promise<string> {
  const prisma = join(ROOT, 'node_modules', 'prisma', 'build', 'index.js');
  const env = { ...process.env, TINMAN_OWNER_DATABASE_URL: url };
  const { stdout } = await promisify(execFile)(process.execPath, [prisma, ...args], { cwd: ROOT, env });
  return stdout;
}

describe('migrations', () => {
  let database: TestDatabase;
  afterEach(() => database.drop());

  it('give the same schema after up, down and up, and leave nothing behind after down', async () => {
    database = await createEmptyDatabase();
    const applied = await migrateDeploy(database.url);
    const first = await catalogOf(database.url);
    expect(applied).toContain('0001_initial');
    expect(first.length).toBeGreaterThan(300);

    expect(await migrateDown(database.url, applied.length)).toEqual(applied.toReversed());
    const left = await catalogOf(database.url);
    expect(left.filter((line) => !line.includes('_prisma_migrations'))).toEqual([]);

    expect(await migrateDeploy(database.url)).toEqual(applied);
    expect(await catalogOf(database.url)).toEqual(first);
  });

  it('agree with schema.prisma', async () => {
    database = await createTestDatabase();
    const difference = await prismaCli(
      database.url,
      ...['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema.prisma', '--script'],
    );
    expect(difference.trim()).toBe('-- This is an empty migration.');
  }, 30_000);

  it("keep a history that Prisma's own CLI takes for its own", async () => {
    database = await createTestDatabase();
    expect(await prismaCli(database.url, 'migrate', 'status')).toContain('Database schema is up to date');
  }, 30_000);

  it('are applied once when many start at the same time', async () => {
    database = await createEmptyDatabase();
    const { url } = database;
    const starts = await Promise.all(Array.from({ length: 8 }, () => migrateDeploy(url)));
    const all = (await migrateStatus(url)).applied;
    expect(starts.filter((applied) => applied.length > 0)).toEqual([all]);
  });

  it('report what is applied and what is pending', async () => {
    database = await createEmptyDatabase();
    const before = await migrateStatus(database.url);
    expect(before).toMatchObject({ applied: [], unknown: [] });
    await expect(requireMigrated(database.url)).rejects.toMatchObject({
      name: 'MigrationError',
      kind: 'pending',
    });
    expect(await catalogOf(database.url)).toEqual([]);

    await migrateDeploy(database.url);
    expect(await migrateStatus(database.url)).toEqual({ applied: before.pending, pending: [], unknown: [] });
    await expect(requireMigrated(database.url)).resolves.toBeUndefined();
  });

  it('leave nothing of a script that fails', async () => {
    database = await createEmptyDatabase();
    await query(database.url, 'CREATE TABLE spans (id int)');
    await expect(migrateDeploy(database.url)).rejects.toThrow(/0001_initial failed, nothing of it remains/);
    expect((await migrateStatus(database.url)).applied).toEqual([]);
    await query(database.url, 'DROP TABLE spans');
    expect(await migrateDeploy(database.url)).toContain('0001_initial');
  });

  it.each([
    ['was changed after it was applied', `UPDATE _prisma_migrations SET checksum = repeat('0', 64)`],
    ['was begun and never ended', 'UPDATE _prisma_migrations SET finished_at = NULL'],
    ['is not known here', `UPDATE _prisma_migrations SET migration_name = '9999_future'`],
  ])('refuse to touch a database with a migration that %s', async (_what, change) => {
    database = await createTestDatabase();
    await query(database.url, change);
    await expect(migrateDeploy(database.url)).rejects.toMatchObject({ kind: 'failed' });
    await expect(migrateDown(database.url)).rejects.toMatchObject({ kind: 'failed' });
    await expect(requireMigrated(database.url)).rejects.toMatchObject({ kind: 'failed' });
  });

  it('say when there is no database, without the password', async () => {
    database = await createEmptyDatabase();
    const failure = await migrateStatus('postgresql://ana:hunter2@127.0.0.1:1/none').catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(MigrationError);
    expect(failure).toMatchObject({ kind: 'unreachable' });
    expect(String(failure)).not.toContain('hunter2');
  });
});
