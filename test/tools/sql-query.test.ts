import { Client } from 'pg';
import { z } from 'zod';
import { createSqlQuery, sqlQueryUrl } from '../../src/tools/sql-query';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

const ANSWER = z.object({ columns: z.array(z.string()), rows: z.array(z.unknown()), truncated: z.boolean() });
const UNDER_WAY = `SELECT pid FROM pg_stat_activity
  WHERE application_name = 'tinman sql_query' AND query LIKE 'FETCH%' AND state = 'active'`;
const REFUSED =
  /read-only transaction|data-modifying|syntax error|INTO is not allowed|read-write mode must be set before/;

describe('sql_query', () => {
  let database: TestDatabase;
  let owner: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new Client({ connectionString: database.url });
    await owner.connect();
    await owner.query('CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (2); CREATE SEQUENCE counted');
  });
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  // As a superuser: what is refused here is refused by the tool, not for want of a right.
  const run = (sql: string, signal = AbortSignal.timeout(30_000)) =>
    createSqlQuery(database.url).execute({ sql }, { signal, requestedBy: 'ana', executionId: 'x' });
  const answerOf = async (sql: string) => ANSWER.parse(await run(sql));
  const rowsOf = async (sql: string) => (await answerOf(sql)).rows;
  const kept = async () => {
    const { rows } = await owner.query<{ readonly n: number }>('SELECT n FROM kept ORDER BY n');
    return rows.map(({ n }) => n);
  };

  it('answers columns and rows; numbers are numbers, the rest is as PostgreSQL writes it', async () => {
    const sql = `SELECT 1 AS a, 2 AS a, 9007199254740993::bigint AS big, true AS yes, null AS nothing,
      '2026-01-02 03:04:05'::timestamp AS at, '{"n": 9007199254740993}'::jsonb AS json, 'NaN'::float8 AS nan, 'x' AS t`;
    expect(await run(sql)).toEqual({
      columns: ['a', 'a', 'big', 'yes', 'nothing', 'at', 'json', 'nan', 't'],
      rows: [
        [1, 2, '9007199254740993', true, null, '2026-01-02 03:04:05', '{"n": 9007199254740993}', 'NaN', 'x'],
      ],
      truncated: false,
    });
    expect(await rowsOf('VALUES (1), (2); ')).toEqual([[1], [2]]);
    expect(await rowsOf('WITH few AS (SELECT n FROM kept) SELECT sum(n)::int FROM few -- all')).toEqual([
      [3],
    ]);
    expect(await run('SELECT n FROM kept WHERE n > 7')).toEqual({
      columns: ['n'],
      rows: [],
      truncated: false,
    });
  });

  it.each([
    'INSERT INTO kept VALUES (3)',
    'WITH gone AS (DELETE FROM kept RETURNING n) SELECT n FROM gone',
    'SELECT n INTO other FROM kept',
    'SELECT n FROM kept FOR UPDATE',
    "SELECT nextval('counted')",
    'SELECT lo_create(0)',
    'TRUNCATE kept',
    'DROP TABLE kept',
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY kept FROM '/etc/passwd'",
    'DO $$ BEGIN DELETE FROM kept; END $$',
    'CALL nothing()',
    'SET TRANSACTION READ WRITE',
    "SELECT set_config('transaction_read_only', 'off', false)",
  ])('writes nothing: %s', async (sql) => {
    await expect(run(sql)).rejects.toThrow(REFUSED);
    expect(await kept()).toEqual([1, 2]);
  });

  it.each([
    'SELECT 1; DELETE FROM kept',
    'SELECT 1; COMMIT; DELETE FROM kept',
    'SELECT 1;; DROP TABLE kept --',
    '(SELECT 1); VALUES (1); DELETE FROM kept',
  ])('takes one statement only: %s', async (sql) => {
    await expect(run(sql)).rejects.toThrow(/multiple commands|syntax error/);
    expect(await kept()).toEqual([1, 2]);
  });

  it('keeps nothing that a query set for its session', async () => {
    await run("SELECT set_config('search_path', 'nowhere', false)");
    expect(await rowsOf('SELECT n FROM kept ORDER BY n')).toEqual([[1], [2]]);
  });

  it('answers so many rows, and so many bytes of them, and says that there are more', async () => {
    const many = await answerOf('SELECT generate_series(1, 100000)');
    expect({ ...many, rows: many.rows.length }).toEqual({
      columns: ['generate_series'],
      rows: 500,
      truncated: true,
    });
    const wide = await answerOf("SELECT repeat('x', 5000) FROM generate_series(1, 100)");
    expect(wide.truncated).toBe(true);
    expect(wide.rows.length).toBeGreaterThan(10);
    expect(Buffer.byteLength(JSON.stringify(wide))).toBeLessThan(262_144);
  });

  it('takes in no answer that would fill the memory', async () => {
    const sql = "SELECT repeat('x', 200000) FROM generate_series(1, 500)";
    await expect(run(sql)).rejects.toThrow(/more than 4194304 bytes/);
  }, 30_000);

  it('ends when it is aborted, and its connection with it', async () => {
    const aborted = new AbortController();
    const running = run('SELECT pg_sleep(9)', aborted.signal);
    while ((await owner.query(UNDER_WAY)).rowCount === 0);
    aborted.abort();
    await expect(running).rejects.toThrow('it was ended');
  });

  it('survives that the server ends its connection', async () => {
    await expect(run('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toThrow(/terminat/i);
  });
});

describe('the connection of sql_query', () => {
  it('is named by a variable, which must be set', () => {
    expect(sqlQueryUrl('READ_URL', { READ_URL: 'postgres://x' })).toBe('postgres://x');
    expect(() => sqlQueryUrl('READ_URL', {})).toThrow(/READ_URL, which is not set/);
  });
});
