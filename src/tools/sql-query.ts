import { Client } from 'pg';
import type { JsonObject } from '../domain/chat';
import { DomainError } from '../domain/errors';
import type { Tool } from '../ports/tool';

const TIMEOUT_MS = 15_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const MAX_ROWS = 500;
const MAX_SQL_LENGTH = 20_000;

/**
 * Runs one query in a read-only transaction and rolls it back. It goes through a cursor of the extended protocol, which
 * takes a single SELECT or VALUES and nothing else. Functions of the database can still do what the role may: give it a
 * role that can only read.
 */
export function createSqlQuery(databaseUrl: string): Tool {
  return {
    name: 'sql_query',
    description: `Runs one SELECT in a read-only transaction; at most ${MAX_ROWS} rows.`,
    riskLevel: 'medium',
    reversible: false,
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    parameters: {
      type: 'object',
      properties: { sql: { type: 'string', minLength: 1, maxLength: MAX_SQL_LENGTH } },
      required: ['sql'],
      additionalProperties: false,
    },
    execute: async ({ sql }, { signal }) => {
      const client = new Client({
        connectionString: databaseUrl,
        statement_timeout: STATEMENT_TIMEOUT_MS,
        connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
        application_name: 'tinman sql_query',
      });
      await client.connect();
      const end = (): void => void client.end().catch(() => undefined);
      signal.addEventListener('abort', end, { once: true });
      try {
        return await query(client, String(sql));
      } finally {
        signal.removeEventListener('abort', end);
        await client.end();
      }
    },
  };
}

async function query(client: Client, sql: string): Promise<JsonObject> {
  await client.query('BEGIN TRANSACTION READ ONLY');
  // A prepared statement is one statement by protocol: nothing can be appended to it.
  await client.query({ name: 'tool', text: `DECLARE answer NO SCROLL CURSOR FOR ${sql}` });
  const { rows, fields } = await client.query<Record<string, unknown>>(`FETCH ${MAX_ROWS + 1} FROM answer`);
  await client.query('ROLLBACK');
  const columns = fields.map(({ name }) => name);
  return {
    columns,
    rows: rows.slice(0, MAX_ROWS).map((row) => columns.map((name) => plain(row[name]))),
    truncated: rows.length > MAX_ROWS,
  };
}

function plain(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** @throws {DomainError} `invalid_configuration` when the variable that the settings name is not set. */
export function sqlQueryUrl(variable: string, env: Readonly<Record<string, string | undefined>>): string {
  const url = env[variable];
  if (url !== undefined && url !== '') return url;
  throw new DomainError(
    'invalid_configuration',
    `tools.sql_query.url_env names ${variable}, which is not set`,
    {
      pointer: '/tools/sql_query/url_env',
    },
  );
}
