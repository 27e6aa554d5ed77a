import { Socket } from 'node:net';
import { Client } from 'pg';
import type { JsonObject } from '../domain/chat';
import { DomainError } from '../domain/errors';
import type { Tool } from '../ports/tool';
import { textArgument } from './text-argument';

const TIMEOUT_MS = 15_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const MAX_ROWS = 500;
const MAX_SQL_LENGTH = 20_000;
/** Of the rows that are answered, as JSON. */
const MAX_ROWS_BYTES = 200_000;
/** What may come over the wire in all: a few large cells must not fill the worker's memory. */
const MAX_WIRE_BYTES = 4_194_304;
const WATCH_EVERY_MS = 20;

/** int2, int4, oid, float4 and float8: what a number of JavaScript holds exactly (pg_type.dat of PostgreSQL). */
const NUMBERS: ReadonlySet<number> = new Set([21, 23, 26, 700, 701]);
const BOOLEAN = 16;

type Cell = string | number | boolean | null;

/**
 * Runs one query in a read-only transaction and rolls it back. It goes through a cursor of the extended protocol, which
 * takes a single SELECT or VALUES and nothing else. Functions of the database can still do what the role may: give it a
 * role that can only read. Numbers and truth values are such, everything else is as PostgreSQL writes it.
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
    execute: async (args, { signal }) => {
      const sql = textArgument(args, 'sql');
      return withConnection(databaseUrl, signal, (client) => query(client, sql));
    },
  };
}

/** Ends the connection when the work ends, is aborted, or is sent more than it can hold. */
async function withConnection<T>(
  connectionString: string,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const socket = new Socket();
  const client = new Client({
    connectionString,
    stream: () => socket,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    application_name: 'tinman sql_query',
  });
  // What is under way fails with it; without a listener the process would.
  client.on('error', () => undefined);
  const abort = (): void => void socket.destroy(new Error('it was ended'));
  const watch = setInterval(() => {
    if (socket.bytesRead > MAX_WIRE_BYTES)
      socket.destroy(new Error(`the answer has more than ${MAX_WIRE_BYTES} bytes`));
  }, WATCH_EVERY_MS);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return await work(client);
  } finally {
    signal.removeEventListener('abort', abort);
    clearInterval(watch);
    await client.end();
  }
}

async function query(client: Client, sql: string): Promise<JsonObject> {
  await client.query('BEGIN TRANSACTION READ ONLY');
  // A prepared statement is one statement by protocol: nothing can be appended to it.
  await client.query({ name: 'tool', text: `DECLARE answer NO SCROLL CURSOR FOR ${sql}` });
  const { rows, fields } = await client.query<Cell[]>({
    text: `FETCH ${MAX_ROWS + 1} FROM answer`,
    rowMode: 'array',
    types: { getTypeParser: (oid: number) => (text: string) => cellOf(oid, text) },
  });
  await client.query('ROLLBACK');
  const fitting = rows.slice(0, fittingRows(rows));
  return { columns: fields.map(({ name }) => name), rows: fitting, truncated: fitting.length < rows.length };
}

function fittingRows(rows: readonly Cell[][]): number {
  let bytes = 0;
  const tooMany = rows.findIndex((row) => {
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    return bytes > MAX_ROWS_BYTES;
  });
  return Math.min(MAX_ROWS, tooMany === -1 ? rows.length : tooMany);
}

function cellOf(oid: number, text: string): Cell {
  if (oid === BOOLEAN) return text === 't';
  // NaN and the infinities are no numbers in JSON.
  return NUMBERS.has(oid) && Number.isFinite(Number(text)) ? Number(text) : text;
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
