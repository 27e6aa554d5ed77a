import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/run';
import { startApiStandIn, type ApiStandIn, type StandInReply } from './api-stand-in';
import { typing } from './typed';

const ID = '6a204bd8-9f5e-4a47-9d11-1a2b3c4d5e6f';

let cwd: string;
let api: ApiStandIn | undefined;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-cli-'))));
afterEach(async () => {
  await api?.close();
  api = undefined;
  rmSync(cwd, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, columns?: number): Promise<Ran> {
  const written = { out: '', err: '' };
  const output = (to: 'out' | 'err') => ({
    isTTY: columns !== undefined,
    columns,
    write: (text: string) => (written[to] += text),
  });
  const code = await runCli(args, {
    env: { ...(api === undefined ? {} : { TINMAN_URL: api.url }), ...env },
    cwd,
    stdout: output('out'),
    stderr: output('err'),
    signal: new AbortController().signal,
    mainScript: '',
    notifyParent: () => undefined,
    typedLines: typing(),
    onHangUp: () => undefined,
  });
  return { code, ...written };
}

async function answering(...replies: readonly StandInReply[]): Promise<ApiStandIn> {
  api = await startApiStandIn(
    (_request, index) => replies[Math.min(index, replies.length - 1)] ?? { body: {} },
  );
  return api;
}

const failure = {
  ...{ id: ID, severity: 'S3', failure_type: 'goal_drift', novelty: 'new', state: 'open' },
  assessed_by: 'judge',
};
const progress = {
  state: 'running',
  paused: false,
  phase: 'execution',
  hypotheses: 2,
  experiments_done: 1,
  experiments_total: 4,
  runs_done: 7,
  failures: 1,
  simulations: 0,
  pending_approvals: 0,
  spent_usd: 0.5,
  held_usd: 0,
};
const cycle = {
  id: ID,
  workflow_id: 'w',
  state: 'running',
  target: 'demo',
  researcher: 'offline',
  error: null,
  progress,
  result: null,
};
const ended = (state: string) => ({ ...cycle, state, progress: { ...progress, state, phase: 'learning' } });

describe('usage', () => {
  it('shows help and version, and ends well', async () => {
    const help = await run(['--help']);
    expect(help.code).toBe(0);
    for (const command of [
      'init',
      'dev',
      'serve',
      'worker',
      'migrate',
      'cycle',
      'approvals',
      'status',
      'demo-target',
    ]) {
      expect(help.out).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
    const version = await run(['--version']);
    expect(version.code).toBe(0);
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['cicle']],
    ['an unknown option', ['status', '--loud']],
    ['a missing argument', ['cycle', 'show']],
    ['a number out of range', ['cycle', 'start', '--max-hypotheses', '51']],
    ['no number', ['cycle', 'start', '--replay-pairs', 'many']],
    ['no amount', ['cycle', 'start', '--budget-usd', '-1']],
    ['half a filter', ['failures', 'list', '--filter', 'severity']],
    ['a port that there is not', ['serve', '--port', '65536']],
    ['a URL of something else', ['status', '--url', 'ftp://127.0.0.1']],
    ['no database to migrate', ['migrate', 'status']],
  ])('answers 2 to %s', async (_what, args) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });

  it('names file, line and field of a wrong configuration', async () => {
    writeFileSync(join(cwd, 'tinman.yaml'), 'port: 8000\nmode: production!\n');
    const { code, err } = await run(['status']);
    expect(code).toBe(2);
    expect(err).toContain('tinman.yaml:2:7: mode: ');
  });
});

describe('init', () => {
  it('writes a file once and never over another', async () => {
    expect((await run(['init'])).code).toBe(0);
    const path = join(cwd, 'tinman.yaml');
    expect(readFileSync(path, 'utf8')).toContain('# port: 8000');
    writeFileSync(path, 'mine');
    const again = await run(['init']);
    expect(again.code).toBe(1);
    expect(again.err).toContain('exists already');
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});

describe('commands over the API', () => {
  it('answers 3 when nothing answers, and says what to do', async () => {
    const { url } = await answering({ body: {} });
    await api?.close();
    api = undefined;
    const { code, out, err } = await run(['status', '--url', url]);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(/cannot be reached: .*tinman dev/s);
  });

  it('answers 3 to 503 and 1 to a refusal, with the places of the mistakes', async () => {
    await answering(
      { status: 503, body: { title: 'not ready', status: 503, code: 'not_ready', detail: 'database: down' } },
      {
        status: 422,
        body: {
          title: 'Invalid request',
          code: 'invalid_request',
          errors: [{ in: 'body', pointer: '/focus', detail: 'too long' }],
        },
      },
    );
    expect(await run(['status'])).toMatchObject({ code: 3, err: 'tinman: database: down (HTTP 503)\n' });
    const refused = await run(['cycle', 'start', '--json']);
    expect(refused).toMatchObject({
      code: 1,
      err: 'tinman: Invalid request (HTTP 422)\n  /focus: too long\n',
    });
    expect(JSON.parse(refused.out)).toMatchObject({ error: { code: 'invalid_request' } });
  });

  it('answers 3 when something else answers in place of the API', async () => {
    await answering({ body: ['hello'] });
    const { code, err } = await run(['failures', 'list']);
    expect(code).toBe(3);
    expect(err).toContain('is it another program?');
  });

  it('finds the API at the configured port', async () => {
    const { url } = await answering({ body: { mode: 'lab', version: 1 } });
    const port = new URL(url).port;
    expect(await run(['mode'], { TINMAN_URL: '', TINMAN_PORT: port })).toMatchObject({
      code: 0,
      out: 'mode: lab\nversion: 1\n',
    });
    writeFileSync(join(cwd, 'tinman.yaml'), `port: ${port}\nhost: 0.0.0.0\n`);
    expect((await run(['mode', 'show'], { TINMAN_URL: '' })).code).toBe(0);
  });

  it('lists as a table with filters and pages, and as JSON', async () => {
    const page = { items: [{ ...failure, description: 'drifts\nfar' }], next_cursor: 'abc' };
    const { seen } = await answering({ body: page });
    const table = await run(['failures', 'list', '--filter', 'severity=S3', '--cycle', ID, '--limit', '1']);
    expect(table.out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ID', 'SEVERITY', 'FAILURE TYPE', 'NOVELTY', 'STATE', 'BY', 'DESCRIPTION'],
      [ID, 'S3', 'goal_drift', 'new', 'open', 'judge', 'drifts far'],
      [''],
    ]);
    expect(table.err).toBe('More with --cursor abc\n');
    expect(seen[0]?.url).toBe(`/failures?severity=S3&cycle_id=${ID}&limit=1`);
    const json = await run(['failures', 'list', '--json']);
    expect(JSON.parse(json.out)).toEqual(page);
    expect(json.err).toBe('');
  });

  it('lets no text from outside act on the terminal', async () => {
    const evil = '\u001b[2Jgone\u009b31m\u202e\u0007';
    await answering(
      { body: { items: [{ ...failure, description: evil }], next_cursor: null } },
      { body: { ...failure, [evil]: evil } },
    );
    const outputs = [
      await run(['failures', 'list']),
      await run(['failures', 'show', ID]),
      await run(['failures', 'show', ID, '--json']),
    ];
    for (const { code, out } of outputs) {
      expect(code).toBe(0);
      expect(out).toContain('gone');
      expect(out).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    }
    expect(JSON.parse(outputs[2]?.out ?? '')).toMatchObject({ [evil]: evil });
  });

  it('cuts the last column to the terminal', async () => {
    await answering({
      body: { items: [{ ...failure, description: 'long '.repeat(100) }], next_cursor: null },
    });
    const { out } = await run(['failures', 'list'], {}, 110);
    expect(out.split('\n').every((line) => line.length <= 110)).toBe(true);
    expect(out).toContain('…');
  });

  it('starts a cycle with what was asked, and nothing else', async () => {
    const { seen } = await answering({ status: 202, body: { id: ID, workflow_id: 'w' } });
    const options = [
      ...['--focus', 'tools', '--target', 'demo', '--max-hypotheses', '2', '--runs', '3'],
      ...['--replay-pairs', 'auto', '--budget-usd', '0.5'],
    ];
    const started = await run(['cycle', 'start', ...options, '--idempotency-key', 'k1']);
    expect(started.out).toContain(ID);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/research/cycle',
      headers: { 'idempotency-key': 'k1' },
    });
    expect(seen[0]?.body).toEqual({
      focus: 'tools',
      target: 'demo',
      max_hypotheses: 2,
      runs_per_experiment: 3,
      replay_pairs: 'auto',
      budget_usd: 0.5,
    });
  });

  it.each([
    ['completed', 0],
    ['budget_exhausted', 0],
    ['failed', 1],
    ['cancelled', 1],
  ])('follows a cycle through an outage until it is %s', async (state, code) => {
    await answering(
      { body: cycle },
      { status: 503, body: { title: 'down' } },
      { body: ended(state) },
      { body: { items: [] } },
    );
    const watched = await run(['cycle', 'watch', ID]);
    expect(watched.code).toBe(code);
    expect(watched.err).toMatch(
      /^3\/7 execution · experiments 1\/4 · 1 failure · \$0\.5000 spent · 7 runs\n7\/7 learning/,
    );
    expect(watched.out).toContain(`Cycle ${ID} ${state.replace('_', ' ')}`);
  });

  it('writes progress in place on a terminal, and only JSON to standard output', async () => {
    await answering({ body: cycle }, { body: ended('completed') });
    const watched = await run(['cycle', 'watch', ID, '--json'], {}, 60);
    expect(watched.err.replaceAll('\u001b[2K', '<clear>')).toMatch(
      /^\r<clear>\[#+\.+] 3\/7 execution[^\r\n]*\r<clear>\[#+] 7\/7[^\r\n]*\n$/,
    );
    expect(JSON.parse(watched.out)).toEqual(ended('completed'));
  });

  it.each(['cancel', 'pause', 'resume'])('asks a cycle to %s', async (verb) => {
    const { seen } = await answering({ status: 202, body: progress });
    expect((await run(['cycle', verb, ID])).code).toBe(0);
    expect(seen[0]).toMatchObject({ method: 'POST', url: `/research/cycles/${ID}/${verb}`, body: {} });
  });

  it('decides approvals by name and with a reason, and shows the decision that stands', async () => {
    const { seen } = await answering(
      { body: { approval_id: ID, state: 'approved' } },
      {
        status: 409,
        body: { title: 'Already decided', code: 'approval_already_decided', decision: { state: 'approved' } },
      },
    );
    expect((await run(['approvals', 'approve', ID, '--by', 'ana', '--reason', 'seen'])).out).toContain(
      'is approved',
    );
    expect(seen[0]).toMatchObject({
      url: `/approvals/${ID}/decide`,
      body: { decision: 'approved', decided_by: 'ana', reason: 'seen' },
    });
    const second = await run(['approvals', 'reject', ID, '--by', 'bo', '--json']);
    expect(second.code).toBe(1);
    expect(JSON.parse(second.out)).toMatchObject({ error: { decision: { state: 'approved' } } });
  });

  it('shows what waits for a person', async () => {
    const { seen } = await answering({ body: { count: 0, approvals: [] } });
    expect((await run(['approvals'])).out).toBe('No approvals.\n');
    expect(seen[0]?.url).toBe('/approvals/pending');
  });
});
