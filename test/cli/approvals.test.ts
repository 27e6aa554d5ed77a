import { tmpdir } from 'node:os';
import { runCli } from '../../src/cli/run';
import { approvalDetail } from '../api/records';
import { startApiStandIn, type ApiStandIn } from './api-stand-in';
import { typing } from './typed';

const ID = '6a204bd8-9f5e-4a47-9d11-1a2b3c4d5e6f';
const DIFF =
  '--- before\n+++ after\n@@ -1,1 +1,2 @@\n system_prompt: |-\n-  Help.\n+  Help, \u001b[2Jand check.\n';

let api: ApiStandIn | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function run(
  args: readonly string[],
  body: object,
  { terminal = false, env = {} }: { terminal?: boolean; env?: NodeJS.ProcessEnv } = {},
): Promise<{ out: string; code: number; urls: readonly string[] }> {
  api = await startApiStandIn(() => ({ body }));
  const { seen } = api;
  let out = '';
  const stdout = { isTTY: terminal, columns: 200, write: (text: string) => (out += text) };
  const code = await runCli(args, {
    env: { TINMAN_URL: api.url, ...env },
    cwd: tmpdir(),
    stdout,
    stderr: { write: () => true },
    signal: new AbortController().signal,
    mainScript: '',
    notifyParent: () => undefined,
    typedLines: typing(),
    onHangUp: () => undefined,
  });
  return { out, code, urls: seen.map(({ url }) => url) };
}

const changed = {
  ...approvalDetail(ID),
  action_description: 'replay \u001b]0;owned\u0007it',
  action: {
    kind: 'simulation',
    name: 'count twice',
    configuration: { before: 'a', after: 'b', diff: DIFF },
  },
  evidence: { failure: { id: ID, root_cause: 'guesses' }, simulations: [] },
  refused_decisions: [
    { code: 'four_eyes_required', decision: 'approved', decided_by: 'ana', proven_by: 'ana', at: 'then' },
  ],
  decision: {
    decision: 'approved',
    decided_by: 'someone',
    proven_by: 'ben',
    via: 'update',
    reason: 'fine',
    decided_at: 'later',
  },
};

describe('tinman approvals show', () => {
  it('lays out what will be done, what changes, what speaks for it and who decided', async () => {
    const { out, code, urls } = await run(['approvals', 'show', ID], changed);
    expect(code).toBe(0);
    expect(urls).toEqual([`/approvals/${ID}`]);
    for (const text of [
      `${ID}: pending until 2026-11-23T10:00:00.000Z`,
      'why_a_person: severity S1 in shadow mode',
      'cost: at most 0.5 USD',
      'kind: simulation',
      '\n  -  Help.\n',
      'root_cause: guesses',
      'what would be done now is what was asked for',
      'code: four_eyes_required',
      'decided_by: someone',
      'proven_by: ben',
    ]) {
      expect(out).toContain(text);
    }
  });

  it('colours the diff on a terminal only, and never lets a text from outside act on it', async () => {
    const plain = await run(['approvals', 'show', ID], changed);
    expect(plain.out).not.toContain('\u001b');
    await api?.close();
    const coloured = await run(['approvals', 'show', ID], changed, { terminal: true });
    expect(coloured.out).toContain('\u001b[32m+  Help, [2Jand check.\u001b[0m');
    expect(coloured.out).toContain('\u001b[31m-  Help.\u001b[0m');
    const uncoloured = ['[31m', '[32m', '[0m'].reduce(
      (text, colour) => text.replaceAll(`\u001b${colour}`, ''),
      coloured.out,
    );
    expect(uncoloured).not.toContain('\u001b');
    await api?.close();
    const wished = await run(['approvals', 'show', ID], changed, { terminal: true, env: { NO_COLOR: '1' } });
    expect(wished.out).not.toContain('\u001b');
  });

  it('says when what would be done is not what was asked for', async () => {
    const digest = {
      asked: 'ab',
      now: null,
      matches: false,
      policy_in_force: false,
      problem: 'no target named live',
    };
    const { out } = await run(['approvals', 'show', ID], { ...approvalDetail(ID), action: null, digest });
    expect(out).toContain('cannot be told any more');
    expect(out).toContain('is NOT what was asked for: no target named live');
    expect(out).toContain('Another risk policy is in force now');
  });
});

it('tinman approvals list has an option for each filter', async () => {
  const { urls } = await run(
    ['approvals', 'list', '--state', 'pending', '--action-type', 'TOOL_CALL', '--requested-by', 'ana'],
    { items: [], next_cursor: null },
  );
  const { searchParams } = new URL(urls[0] ?? '', 'http://api');
  expect(Object.fromEntries(searchParams)).toEqual({
    state: 'pending',
    action_type: 'TOOL_CALL',
    requested_by: 'ana',
  });
});
