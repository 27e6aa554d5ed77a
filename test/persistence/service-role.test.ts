import { Client } from 'pg';
import { createAuditTrail } from '../../src/persistence/audit-trail';
import { closePrisma, createPrisma } from '../../src/persistence/client';
import { migrateDeploy, migrateDown, requireMigrated } from '../../src/persistence/migrations';
import { event } from './audit-log';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres';

async function query<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** What the service's role may do in each table, but for what it may do in nearly all. */
const RIGHTS = `
  SELECT c.relname AS table, string_agg(p.privilege, ' ' ORDER BY p.privilege) AS rights
  FROM pg_class c CROSS JOIN unnest(
    '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER,MAINTAIN}'::text[]) AS p(privilege)
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND has_table_privilege('tinman_service', c.oid, p.privilege)
  GROUP BY c.relname ORDER BY c.relname`;

interface Rights {
  readonly table: string;
  readonly rights: string;
}

describe("the service's role", () => {
  let database: TestDatabase;
  afterEach(() => database.drop());

  it('reads, inserts and updates, and only adds to the audit tables; what is kept for a time it deletes', async () => {
    database = await createTestDatabase();
    const rights = await query<Rights>(database.url, RIGHTS);
    expect(rights.length).toBeGreaterThan(20);
    expect(rights.filter((one) => one.rights !== 'INSERT SELECT UPDATE')).toEqual([
      { table: '_prisma_migrations', rights: 'SELECT' },
      { table: 'audit_chain', rights: 'INSERT SELECT' },
      { table: 'audit_logs', rights: 'INSERT SELECT' },
      ...[
        'discussion_messages',
        'outbound_events',
        'spans',
        'trace_exposures',
        'trace_signals',
        'trace_upload_chunks',
        'trace_uploads',
        'traces',
        'webhook_deliveries',
      ].map((table) => ({ table, rights: 'DELETE INSERT SELECT UPDATE' })),
    ]);
    await expect(requireMigrated(database.serviceUrl)).resolves.toBeUndefined();
  });

  it.each([
    [`UPDATE audit_logs SET actor = 'bob'`, /permission denied for table audit_logs/],
    ['DELETE FROM audit_logs', /permission denied for table audit_logs/],
    ['TRUNCATE audit_logs CASCADE', /permission denied for table audit_logs/],
    ['ALTER TABLE audit_logs DISABLE TRIGGER ALL', /must be owner of table audit_logs/],
    ['ALTER TABLE audit_logs DROP COLUMN actor', /must be owner of table audit_logs/],
    ['DROP TRIGGER audit_logs_append_only ON audit_logs', /must be owner of relation audit_logs/],
    ['DROP TABLE audit_logs CASCADE', /must be owner of table audit_logs/],
    [
      'CREATE TRIGGER t BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_change()',
      /permission denied/,
    ],
    [`UPDATE audit_chain SET hmac = repeat('0', 64)`, /permission denied for table audit_chain/],
    ['DELETE FROM audit_chain', /permission denied for table audit_chain/],
    ['TRUNCATE audit_chain', /permission denied for table audit_chain/],
    ['ALTER TABLE audit_chain DISABLE TRIGGER ALL', /must be owner of table audit_chain/],
    ['CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS $$$$', /permission denied/],
    ['SET session_replication_role = replica', /permission denied to set parameter/],
    ['CREATE TABLE mine (id int)', /permission denied for schema public/],
    ['SET ROLE tinman', /permission denied to set role/],
    [`UPDATE _prisma_migrations SET checksum = ''`, /permission denied for table _prisma_migrations/],
    ['DELETE FROM approvals', /permission denied for table approvals/],
  ])('is refused: %s', async (sql, why) => {
    database = await createTestDatabase();
    await expect(query(database.serviceUrl, sql)).rejects.toThrow(why);
  });

  it('writes the audit log', async () => {
    database = await createTestDatabase();
    const prisma = createPrisma(database.serviceUrl, { poolSize: 1 });
    try {
      await createAuditTrail(prisma).append([event('a')]);
      await createAuditTrail(prisma).append([event('a')]);
      expect(await prisma.auditLog.count()).toBe(1);
    } finally {
      await closePrisma(prisma);
    }
  });

  it('has its rights in the tables of later migrations, and loses what it was given besides', async () => {
    database = await createTestDatabase();
    const { url, serviceUrl } = database;
    await query(url, 'GRANT ALL ON audit_logs, failures TO tinman_service; CREATE TABLE later (id int)');
    expect(await migrateDeploy(url, serviceUrl)).toEqual([]);
    const rights = await query<Rights>(url, RIGHTS);
    expect(rights).toContainEqual({ table: 'later', rights: 'INSERT SELECT UPDATE' });
    expect(rights).toContainEqual({ table: 'audit_logs', rights: 'INSERT SELECT' });
    expect(rights).toContainEqual({ table: 'failures', rights: 'INSERT SELECT UPDATE' });
  });

  it('keeps nothing after down, and has everything again after up', async () => {
    database = await createTestDatabase();
    const { url, serviceUrl } = database;
    const before = await query<Rights>(url, RIGHTS);
    await migrateDown(url, 1_000);
    expect(await query<Rights>(url, RIGHTS)).toEqual([{ table: '_prisma_migrations', rights: 'SELECT' }]);
    await migrateDeploy(url, serviceUrl);
    expect(await query<Rights>(url, RIGHTS)).toEqual(before);
  });

  it('cannot be one that is missing, a superuser or a member of the owner', async () => {
    database = await createEmptyDatabase();
    const { url, serviceUrl } = database;
    const as = (role: string) => {
      const other = new URL(serviceUrl);
      other.username = role;
      return other.href;
    };
    await expect(migrateDeploy(url, as('nobody_there'))).rejects.toThrow(/role nobody_there does not exist/);

    const suffix = new URL(url).pathname.slice(1);
    await query(url, `CREATE ROLE super_${suffix} SUPERUSER; CREATE ROLE member_${suffix} IN ROLE tinman`);
    try {
      for (const role of [`super_${suffix}`, `member_${suffix}`]) {
        await expect(migrateDeploy(url, as(role))).rejects.toThrow(/can change audit_logs and audit_chain/);
      }
    } finally {
      await query(url, `DROP OWNED BY super_${suffix}, member_${suffix}`);
      await query(url, `DROP ROLE super_${suffix}, member_${suffix}`);
    }
  });

  it('is not needed: one role may be owner and service', async () => {
    database = await createEmptyDatabase();
    expect(await migrateDeploy(database.url, database.url)).toContain('0001_initial');
    expect(await query(database.url, RIGHTS)).toEqual([]);
  });
});
