import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AuditLogBench, events } from '../persistence/audit-log';
import { TINMAN } from '../support/stack';
import { runProgram } from '../support/stack-program';
import { startApiStandIn } from './api-stand-in';

jest.setTimeout(30_000);

let bench: AuditLogBench;
beforeEach(async () => {
  bench = await AuditLogBench.open();
  await bench.append(events(5));
  await writeFile(join(bench.folder, 'audit.key'), bench.key.toString('hex'));
});
afterEach(() => bench.close());

/** Runs the command line as it is built, for commands that go to the database load what they need by themselves. */
async function run(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const { PATH } = process.env;
  const env = { PATH, TINMAN_HOME: bench.folder, TINMAN_DATABASE_URL: bench.database.serviceUrl, ...more };
  const { code, stdout, stderr } = await runProgram(process.execPath, [TINMAN, ...args], {
    env,
    cwd: bench.folder,
  });
  return { code, out: stdout, err: stderr };
}

const json = (text: string) => z.looseObject({}).parse(JSON.parse(text));
const NOWHERE = { TINMAN_DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' };
const editThird = `UPDATE audit_logs SET actor = 'bob' WHERE id = (SELECT log_id FROM audit_chain WHERE seq = 3)`;

describe('tinman audit verify', () => {
  it('says that all is right, up to where, and what is not sealed yet', async () => {
    await bench.sealer().seal();
    await bench.append(events(2, 'more'));
    await appendFile(bench.anchorFile, '{"seq":9');
    const { code, out, err } = await run(['audit', 'verify']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^The audit log is right\.\nSealed and right up to number 5\.\nLast anchor: number 5, .*\nNot sealed yet: 2, the oldest of .*Z\.\n$/,
    );
    expect(err).toBe('Lines of the anchor file that a crash cut off: 2.\n');

    const shown = json((await run(['audit', 'verify', '--json'])).out);
    expect(shown).toMatchObject({
      ok: true,
      first_bad: null,
      head: { seq: 5 },
      anchor: { seq: 5 },
      unreadable_anchor_lines: [2],
      unsealed: { count: 2, oldest_age_seconds: expect.any(Number) as unknown },
    });
  });

  it('names the first bad row, and ends with 1', async () => {
    await bench.sealer().seal();
    await bench.tamper(editThird);
    const { code, out } = await run(['audit', 'verify']);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^The audit log is not right\. First bad row: number 3, id [0-9a-f-]{36}: .*\(changed\)\./,
    );
    expect(out).toContain('Sealed and right up to number 2.');
    const { code: again, out: document } = await run(['audit', 'verify', '--json']);
    expect(again).toBe(1);
    expect(json(document)).toMatchObject({
      ok: false,
      first_bad: { seq: 3, reason: 'changed' },
      head: { seq: 2 },
    });
  });

  it('finds key and anchors where they are configured, and makes no key of its own', async () => {
    const elsewhere = join(bench.folder, 'elsewhere');
    await bench.sealer(`${elsewhere}.anchor`).seal();
    expect((await run(['audit', 'verify'])).code).toBe(1);
    expect((await run(['audit', 'verify'], { TINMAN_AUDIT_ANCHOR_FILE: 'elsewhere.anchor' })).code).toBe(0);
    const missing = await run(['audit', 'verify'], { TINMAN_AUDIT_KEY_FILE: 'elsewhere.key' });
    expect(missing).toMatchObject({ code: 2, out: '' });
    expect(missing.err).toContain(`There is no audit key at ${elsewhere}.key`);
    await expect(stat(`${elsewhere}.key`)).rejects.toThrow('ENOENT');
  });

  it('says when there is no database', async () => {
    expect((await run(['audit', 'verify'], NOWHERE)).code).not.toBe(0);
  });
});

describe('tinman audit export', () => {
  it('writes a file for its owner only, which is verified without the database', async () => {
    await bench.sealer().seal();
    const exported = await run(['audit', 'export', 'log.jsonl']);
    expect(exported).toEqual({ code: 0, out: '5 sealed and 0 unsealed rows are in log.jsonl.\n', err: '' });
    const file = join(bench.folder, 'log.jsonl');
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const right = await run(['audit', 'verify', '--file', 'log.jsonl'], NOWHERE);
    expect(right).toMatchObject({ code: 0 });
    const lines = await readFile(file, 'utf8');
    await writeFile(file, lines.replace('"actor":"ana"', '"actor":"bob"'));
    const wrong = await run(['audit', 'verify', '--file', 'log.jsonl', '--json'], NOWHERE);
    expect(wrong.code).toBe(1);
    expect(json(wrong.out)).toMatchObject({ ok: false, first_bad: { seq: 1, reason: 'changed' } });
  });

  it('writes nothing but the export to standard output', async () => {
    await bench.sealer().seal();
    const { code, out, err } = await run(['audit', 'export', '-', '--since', '1h', '--until', '2999-01-01']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => json(line)['type']),
    ).toEqual(['tinman_audit_export', ...Array.from({ length: 5 }, () => 'link'), 'end']);
    await writeFile(join(bench.folder, 'piped.jsonl'), out);
    expect((await run(['audit', 'verify', '--file', 'piped.jsonl'], NOWHERE)).code).toBe(0);
  });

  it('is told from other files', async () => {
    await writeFile(join(bench.folder, 'other.txt'), 'hello\n');
    expect(await run(['audit', 'verify', '--file', 'other.txt'])).toMatchObject({ code: 1, out: '' });
    expect(await run(['audit', 'verify', '--file', 'none.txt'])).toMatchObject({ code: 2, out: '' });
    expect(await run(['audit', 'export', 'no/such/folder/log.jsonl'])).toMatchObject({ code: 1, out: '' });
  });

  it('needs the key', async () => {
    await rm(join(bench.folder, 'audit.key'));
    expect(await run(['audit', 'export', '-'])).toMatchObject({ code: 2, out: '' });
  });
});

describe('tinman audit query', () => {
  const record = {
    created_at: '2026-11-23T09:00:00.000Z',
    event_type: 'mode_transition',
    actor: 'ana',
    subject_type: 'mode',
    subject_id: 'shadow',
    details: { to_mode: 'shadow' },
  };

  it('asks the API and shows a table', async () => {
    const api = await startApiStandIn(() => ({ body: { items: [record], next_cursor: 'more' } }));
    try {
      const { code, out, err } = await run(
        [
          ...[
            'audit',
            'query',
            '--event-type',
            'approval_decision,mode_transition',
            '--event-type',
            'cycle_ended',
          ],
          ...['--since', '2026-11-22T00:00:00Z', '--until', '2026-11-24', '--actor', 'ana', '--limit', '7'],
        ],
        { TINMAN_URL: api.url, ...NOWHERE },
      );
      expect({ code, err }).toEqual({ code: 0, err: 'More with --cursor more\n' });
      expect(out).toContain('mode_transition  ana    mode          shadow');
      const asked = new URL(api.seen[0]?.url ?? '', api.url);
      expect(asked.pathname).toBe('/audit');
      expect(Object.fromEntries(asked.searchParams)).toEqual({
        event_types: 'approval_decision,mode_transition,cycle_ended',
        since: '2026-11-22T00:00:00.000Z',
        until: '2026-11-24T00:00:00.000Z',
        actor: 'ana',
        limit: '7',
      });
    } finally {
      await api.close();
    }
  });

  it('takes a time as how long ago', async () => {
    const api = await startApiStandIn(() => ({ body: { items: [], next_cursor: null } }));
    try {
      const before = Date.now();
      const { out } = await run(['audit', 'query', '--since', '24h'], { TINMAN_URL: api.url });
      expect(out).toBe('No audit records.\n');
      const since = Date.parse(new URL(api.seen[0]?.url ?? '', api.url).searchParams.get('since') ?? '');
      expect(since).toBeGreaterThanOrEqual(before - 86_400_000);
      expect(since).toBeLessThanOrEqual(Date.now() - 86_400_000);
    } finally {
      await api.close();
    }
  });

  it.each(['yesterday', '-1h', '7w', ''])('refuses the time %p', async (time) => {
    expect(await run(['audit', 'query', `--since=${time}`])).toMatchObject({ code: 2, out: '' });
  });
});
