import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrateDeploy } from '../../src/persistence/migrations';

const TEMPLATE = 'tinman_template';
const TEMPLATE_LOCK = 7_461_001;

export interface TestDatabase {
  /** As its owner, a superuser. */
  readonly url: string;
  /** As the service's role. */
  readonly serviceUrl: string;
  drop(): Promise<void>;
}

/** A migrated database of its own, cloned from a template that the first caller of the run makes. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(`TEMPLATE ${TEMPLATE} STRATEGY file_copy`, ensureTemplate);
}

/** A database without tables. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('', () => Promise.resolve());
}

async function createDatabase(
  clause: string,
  prepare: (admin: Client) => Promise<void>,
): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(async (admin) => {
    await prepare(admin);
    await admin.query(`CREATE DATABASE ${name} ${clause}`);
  });
  return {
    url: urlOf(name),
    serviceUrl: serviceUrlOf(name),
    drop: () => asAdmin(async (admin) => void (await admin.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  };
}

/** Held under a lock: workers of one run share the template. */
async function ensureTemplate(admin: Client): Promise<void> {
  if (await hasTemplate(admin)) return;
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    if (await hasTemplate(admin)) return;
    await admin.query(`CREATE DATABASE ${TEMPLATE}_new`);
    await migrateDeploy(urlOf(`${TEMPLATE}_new`), serviceUrlOf(`${TEMPLATE}_new`));
    await admin.query(`ALTER DATABASE ${TEMPLATE}_new RENAME TO ${TEMPLATE}`);
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

async function hasTemplate(admin: Client): Promise<boolean> {
  const found = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [TEMPLATE]);
  return found.rowCount === 1;
}

async function asAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function adminUrl(): string {
  return serverUrl('TINMAN_TEST_POSTGRES_URL');
}

function serverUrl(variable: string): string {
  const url = process.env[variable];
  if (url === undefined) throw new Error('jest did not start PostgreSQL: see globalSetup in jest.config.cjs');
  return url;
}

function urlOf(database: string, server = adminUrl()): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.toString();
}

function serviceUrlOf(database: string): string {
  return urlOf(database, serverUrl('TINMAN_TEST_POSTGRES_SERVICE_URL'));
}
