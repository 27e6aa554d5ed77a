import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { z } from 'zod';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres';
import { TINMAN } from '../support/stack';
import { runProgram } from '../support/stack-program';

jest.setTimeout(60_000);

const KEY = /tinman_[0-9a-f]{32}_[\w-]{43}/;
const Shown = z.strictObject({
  id: z.guid(),
  owner: z.string(),
  role: z.string(),
  created_by: z.string().min(1),
  created_at: z.iso.datetime(),
  revoked_by: z.string().nullable(),
  revoked_at: z.iso.datetime().nullable(),
});
const Made = Shown.extend({ key: z.string().regex(KEY) });
const Listed = z.strictObject({ keys: z.array(Shown) });

/** Only the database runs: neither API nor Temporal. */
describe('tinman keys', () => {
  let folder: string;
  let database: TestDatabase;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinman-keys-'));
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function keys(args: readonly string[], url = database.serviceUrl) {
    const env = { PATH: process.env['PATH'], TINMAN_HOME: folder, TINMAN_DATABASE_URL: url };
    return runProgram(process.execPath, [TINMAN, 'keys', ...args], { env, cwd: folder });
  }
  const make = (owner: string, role: string) => ['create', '--owner', owner, '--role', role];

  async function rows(sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('makes a key, shows it once, and lists and revokes it', async () => {
    const created = await keys(make('ana', 'approver'));
    expect(created).toMatchObject({ code: 0 });
    const key = created.stdout.trim();
    expect(key).toMatch(new RegExp(`^${KEY.source}$`));
    expect(created.stderr).toMatch(/^Key [\w-]{36} of ana, approver\. It is not shown again:\n$/);
    const secret = key.slice(-43);
    const hash = createHash('sha256').update(secret).digest('hex');
    expect(await rows('SELECT owner, role, secret_hash FROM api_keys')).toEqual([
      { owner: 'ana', role: 'approver', secret_hash: hash },
    ]);

    const listed = await keys(['list']);
    expect(listed.stdout).toMatch(/^ID +OWNER +ROLE/);
    expect(listed.stdout).toContain('ana');
    for (const hidden of [secret, hash]) expect(listed.stdout + listed.stderr).not.toContain(hidden);

    const { id } = Listed.parse(JSON.parse((await keys(['--json'])).stdout)).keys[0] ?? {};
    expect(await keys(['revoke', id ?? ''])).toMatchObject({
      code: 0,
      stdout: `Key ${id} of ana is revoked.\n`,
    });
    expect(await keys(['revoke', id ?? ''])).toMatchObject({ code: 1, stdout: '' });
    const after = Listed.parse(JSON.parse((await keys(['list', '--json'])).stdout));
    expect(after.keys).toMatchObject([{ id, revoked_by: expect.any(String) as unknown }]);

    const audited = await rows('SELECT event_type, subject_id, details FROM audit_logs ORDER BY created_at');
    expect(audited).toMatchObject([
      { event_type: 'api_key_created', subject_id: id, details: { owner: 'ana', role: 'approver' } },
      { event_type: 'api_key_revoked', subject_id: id },
    ]);
    for (const hidden of [secret, hash]) expect(JSON.stringify(audited)).not.toContain(hidden);
  });

  it('writes one JSON document when asked to', async () => {
    const { code, stdout, stderr } = await keys([...make('ana', 'viewer'), '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(Made.parse(JSON.parse(stdout))).toMatchObject({ owner: 'ana', role: 'viewer', revoked_at: null });
  });

  it('refuses what cannot be a key, and makes none', async () => {
    const ends = await Promise.all([
      keys(make('anonymous', 'admin')),
      keys(make('ana', 'root')),
      keys(['create', '--owner', 'ana']),
      keys(['revoke', 'ana']),
    ]);
    expect(ends.map(({ code }) => code)).toEqual([1, 2, 2, 1]);
    expect(ends.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining('not "anonymous"'),
      expect.stringContaining('Allowed choices are viewer, operator, approver, admin'),
      expect.stringContaining('--role'),
      expect.stringContaining('there is no key ana'),
    ]);
    expect(await rows('SELECT FROM api_keys')).toEqual([]);
  });

  it('says what to do about a database that is not migrated, or not there', async () => {
    const empty = await createEmptyDatabase();
    const [fresh, away] = await Promise.all([
      keys(['list'], empty.url),
      keys(['list'], 'postgresql://nobody@127.0.0.1:1/none'),
    ]);
    await empty.drop();
    expect(fresh).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('tinman migrate deploy') as unknown,
    });
    expect(away).toMatchObject({ code: 3, stderr: expect.stringContaining('127.0.0.1:1') as unknown });
  });
});
