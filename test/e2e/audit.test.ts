import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startStack, TINMAN, type Stack } from '../support/stack';
import { runProgram } from '../support/stack-program';

jest.setTimeout(60_000);

const Verdict = z.looseObject({
  ok: z.boolean(),
  first_bad: z.looseObject({ seq: z.number().nullable(), reason: z.string() }).nullable(),
  head: z.looseObject({ seq: z.number() }).nullable(),
  anchor: z.looseObject({ seq: z.number() }).nullable(),
  unsealed: z.looseObject({ count: z.number() }),
});

describe('the audit log of a running system', () => {
  let stack: Stack;
  beforeAll(async () => void (stack = await startStack()), 120_000);
  afterAll(() => stack.stop());

  const verify = async (...args: string[]) => {
    const { code, stdout } = await stack.cli('audit', 'verify', '--json', ...args);
    return { code, verdict: Verdict.parse(JSON.parse(stdout)) };
  };

  it('is asked by the command line, through the API', async () => {
    const { code, stdout } = await stack.cli('audit', 'query', '--event-type', 'policy_loaded', '--json');
    expect(code).toBe(0);
    const { items } = z
      .object({ items: z.array(z.looseObject({ event_type: z.string() })) })
      .parse(JSON.parse(stdout));
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ event_type }) => event_type))).toEqual(new Set(['policy_loaded']));
  });

  it('is written by a role that can do no more than that', async () => {
    const connected = await stack.query<{ role: string }>(
      `SELECT DISTINCT usename::text AS role FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename <> 'tinman'`,
    );
    expect(connected).toEqual([{ role: 'tinman_service' }]);
    const owners = await stack.query<{ owner: string }>(
      `SELECT DISTINCT tableowner::text AS owner FROM pg_tables WHERE schemaname = 'public'`,
    );
    expect(owners).toEqual([{ owner: 'tinman' }]);
  });

  it('is sealed and anchored by itself', async () => {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const { code, verdict } = await verify();
      expect({ code, ok: verdict.ok || verdict.first_bad?.reason === 'no_anchor' }).toMatchObject({
        ok: true,
      });
      if (verdict.unsealed.count === 0 && verdict.anchor?.seq === verdict.head?.seq) break;
      if (Date.now() > deadline) throw new Error(`not sealed in time: ${JSON.stringify(verdict)}`);
      await sleep(200);
    }
  });

  it('is complete once everybody has stopped, and is verified and exported without the API', async () => {
    for (const { process } of stack.apis) await process.stop();
    for (const worker of stack.workers) await worker.stop();
    const { code, verdict } = await verify();
    const [count] = await stack.query<{ n: number }>('SELECT count(*)::int AS n FROM audit_logs');
    expect({ code, ...verdict }).toMatchObject({
      code: 0,
      ok: true,
      head: { seq: count?.n },
      anchor: { seq: count?.n },
      unsealed: { count: 0 },
    });

    const file = join(stack.home, 'audit.jsonl');
    expect(await stack.cli('audit', 'export', file)).toMatchObject({ code: 0 });
    // Elsewhere: nothing but the file, the key and the anchors.
    const offline = {
      PATH: process.env['PATH'],
      TINMAN_AUDIT_KEY_FILE: join(stack.home, 'audit.key'),
      TINMAN_AUDIT_ANCHOR_FILE: join(stack.home, 'audit.anchor'),
    };
    const args = [TINMAN, 'audit', 'verify', '--file', file];
    expect(await runProgram(process.execPath, args, { env: offline, cwd: stack.home })).toMatchObject({
      code: 0,
    });
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, lines.toSpliced(2, 1).join('\n'));
    const cut = await runProgram(process.execPath, args, { env: offline, cwd: stack.home });
    expect(cut.code).toBe(1);
    expect(cut.stdout).toContain('First bad row: number 2:');
  });

  it('names a row that somebody with all rights has changed', async () => {
    await stack.query('ALTER TABLE audit_logs DISABLE TRIGGER ALL');
    await stack.query(
      `UPDATE audit_logs SET actor = 'somebody else' WHERE id = (SELECT log_id FROM audit_chain WHERE seq = 2)`,
    );
    await stack.query('ALTER TABLE audit_logs ENABLE TRIGGER ALL');
    const { code, verdict } = await verify();
    expect({ code, ...verdict }).toMatchObject({
      code: 1,
      ok: false,
      first_bad: { seq: 2, reason: 'changed' },
    });
  });
});
