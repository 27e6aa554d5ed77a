import { Client } from 'pg';

/** Tables whose rows nobody changes: the service reads them and adds to them. */
const APPEND_ONLY = ['audit_logs', 'audit_chain'];
/**
 * Tables of what is kept for a time only: traces, uploads of traces until they are read, conversations until a reset,
 * events after they were told to webhooks.
 */
const PASSING = [
  'discussion_messages',
  'outbound_events',
  'webhook_deliveries',
  'traces',
  'spans',
  'trace_signals',
  'trace_exposures',
  'trace_uploads',
  'trace_upload_chunks',
];
/** The history of migrations: the service compares it with its own. */
const READ_ONLY = ['_prisma_migrations'];

/** The name of the role that a URL connects as, also where it comes from the environment. */
export function roleOf(url: string): string {
  return new Client({ connectionString: url }).user ?? '';
}

/**
 * Gives a role what the service needs in the owner's tables, and takes everything else: it reads, inserts and updates,
 * deletes nothing but what is kept for a time, and only adds to the audit tables. The same again changes nothing; tables
 * of later migrations are granted by the deploy that makes them.
 * @throws when there is no such role, or when it could change the audit tables nevertheless.
 */
export async function grantToService(client: Client, role: string): Promise<void> {
  await requireRole(client, role);
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
       AND pg_has_role(relowner, 'USAGE')
     ORDER BY relname`,
  );
  const to = client.escapeIdentifier(role);
  const statements = tables.flatMap(({ name }) => {
    const table = client.escapeIdentifier(name);
    return [`REVOKE ALL ON ${table} FROM ${to}`, `GRANT ${rightsIn(name)} ON ${table} TO ${to}`];
  });
  const { rows: schemas } = await client.query<{ name: string }>('SELECT current_schema() AS name');
  const schema = client.escapeIdentifier(schemas[0]?.name ?? 'public');
  await client.query(
    [
      `GRANT USAGE ON SCHEMA ${schema} TO ${to}`,
      ...statements,
      `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${to}`,
    ].join(';\n'),
  );
  await refuseTooPowerful(client, role);
}

function rightsIn(table: string): string {
  if (READ_ONLY.includes(table)) return 'SELECT';
  if (APPEND_ONLY.includes(table)) return 'SELECT, INSERT';
  return PASSING.includes(table) ? 'SELECT, INSERT, UPDATE, DELETE' : 'SELECT, INSERT, UPDATE';
}

async function requireRole(client: Client, role: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (found.rowCount === 1) return;
  throw new Error(
    `the service's role ${role} does not exist; make it with CREATE ROLE ${client.escapeIdentifier(role)} LOGIN PASSWORD '…'`,
  );
}

/** A superuser, an owner and a member of the owner's role can do everything, whatever is granted. */
async function refuseTooPowerful(client: Client, role: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT name FROM unnest($2::text[]) AS name
     WHERE has_table_privilege($1, to_regclass(name), 'UPDATE, DELETE, TRUNCATE, TRIGGER')`,
    [role, APPEND_ONLY],
  );
  if (rows.length === 0) return;
  throw new Error(
    `the service's role ${role} can change ${rows.map(({ name }) => name).join(' and ')}: it must not be a superuser, ` +
      'own the tables or be a member of the role that does',
  );
}
