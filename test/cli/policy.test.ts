import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/run';
import { typing } from './typed';

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-cli-policy-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const LAX = 'base_matrix:\n  lab: &all {S0: safe, S1: safe, S2: safe, S3: safe, S4: safe}\n';
const POLICY = `${LAX}  shadow: *all\n  production: *all\naction_overrides: {FINE_TUNE: {shadow: review}}\n`;

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);

async function policy(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const written = { out: '', err: '' };
  const output = (to: 'out' | 'err') => ({ write: (text: string) => (written[to] += text) });
  const code = await runCli(['policy', ...args], {
    env,
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

const versionOf = (text: string) => /sha256:[0-9a-f]{12}/.exec(text)?.[0];

describe('policy check', () => {
  it('passes the built-in policy and one that is configured', async () => {
    const builtIn = await policy(['check']);
    expect(builtIn).toMatchObject({ code: 0, err: '' });
    expect(builtIn.out).toMatch(/^The built-in risk_policy\.yaml is a sound policy, sha256:[0-9a-f]{12}\n$/);
    write('mine.yaml', POLICY);
    const mine = await policy(['check', '--json'], { TINMAN_RISK_POLICY: 'mine.yaml' });
    expect(JSON.parse(mine.out)).toEqual({ file: 'mine.yaml', version: versionOf(mine.out) });
    expect(versionOf(mine.out)).not.toBe(versionOf(builtIn.out));
  });

  it('answers 2 with every mistake of the file that is named, whatever is configured', async () => {
    write('tinman.yaml', 'risk_policy: {path: nowhere.yaml}\n');
    write('bad.yaml', `${POLICY}cost_thresholds: {low_cost_max: 12}\n`);
    write('worse.yaml', 'base_matrix: {lab: {S0: never}}\n');
    const { code, out, err } = await policy(['check', 'worse.yaml']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n').filter((line) => line.includes('worse.yaml:'))).toHaveLength(7);
    expect(err).toContain('worse.yaml:1:25: base_matrix.lab.S0: Invalid option');
    expect((await policy(['check', 'bad.yaml'])).err).toContain(
      'bad.yaml:6:33: cost_thresholds.low_cost_max: is above high_cost_min',
    );
    expect((await policy(['check', 'none.yaml'])).err).toContain('none.yaml: cannot be read');
    expect((await policy(['check'])).err).toContain('nowhere.yaml: cannot be read');
  });
});

describe('policy show', () => {
  it('shows the policy by the names of its file', async () => {
    write('.env', 'TINMAN_RISK_POLICY=mine.yaml\n');
    write('mine.yaml', POLICY);
    const json = await policy(['show', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      version: versionOf(json.out),
      file: 'mine.yaml',
      base_matrix: { production: { S4: 'safe' } },
      action_overrides: { FINE_TUNE: { shadow: 'review' } },
      cost_thresholds: { low_cost_max: 1, high_cost_min: 10 },
    });
    const people = await policy([]);
    expect(people.code).toBe(0);
    expect(people.out).toMatch(/^production +safe +safe +safe +safe +safe$/m);
    expect(people.out).toMatch(/^FINE_TUNE +- +review +-$/m);
    expect(people.out).toContain('Cost: up to 1 USD safe, above review, from 10 USD block');
  });
});

describe('policy explain', () => {
  const explain = async (...args: string[]) => {
    const { code, out } = await policy(['explain', ...args, '--json']);
    expect(code).toBe(0);
    return JSON.parse(out) as unknown;
  };

  it.each([
    [['TOOL_CALL', '--mode', 'lab', '--severity', 'S2'], 'review', 'base_matrix'],
    [['TOOL_CALL', '--mode', 'lab', '--severity', 'S0', '--cost', '1.01'], 'review', 'cost_thresholds'],
    [['TOOL_CALL', '--mode', 'lab', '--severity', 'S0', '--cost', '10'], 'block', 'cost_thresholds'],
    [['DEPLOY_INTERVENTION', '--mode', 'production', '--severity', 'S1'], 'block', 'action_overrides'],
    [['TOOL_CALL', '--mode', 'production', '--severity', 'S2', '--cost', '50'], 'block', 'base_matrix'],
  ])('says which rule decides %j', async (args, tier, rule) => {
    expect(await explain(...args)).toMatchObject({ tier, decided_by: rule, action: args[0] });
  });

  it('shows every rule, also the one that no policy lifts', async () => {
    write('tinman.yaml', 'risk_policy: {path: mine.yaml}\n');
    write('mine.yaml', POLICY);
    const args = ['DESTRUCTIVE_TEST', '--mode', 'production', '--severity', 'S0'];
    expect(await explain(...args)).toMatchObject({
      tier: 'block',
      decided_by: 'lab_only',
      cost_usd: 0,
      rules: [
        { rule: 'base_matrix', tier: 'safe', reason: 'severity S0 in production mode' },
        {
          rule: 'action_overrides',
          tier: 'safe',
          reason: 'DESTRUCTIVE_TEST is not overridden in production mode',
        },
        { rule: 'cost_thresholds', tier: 'safe', reason: 'estimated cost not above 1 USD' },
        { rule: 'lab_only', tier: 'block', reason: 'DESTRUCTIVE_TEST is for lab mode only' },
      ],
    });
    const people = await policy(['explain', ...args]);
    expect(people.out).toContain('\nblock, decided by lab_only: DESTRUCTIVE_TEST is for lab mode only\n');
  });

  it.each([
    ['an unknown action', ['TOOL_CAL', '--mode', 'lab', '--severity', 'S0']],
    ['an unknown mode', ['TOOL_CALL', '--mode', 'labs', '--severity', 'S0']],
    ['an unknown severity', ['TOOL_CALL', '--mode', 'lab', '--severity', 'S5']],
    ['no severity', ['TOOL_CALL', '--mode', 'lab']],
    ['no mode', ['TOOL_CALL', '--severity', 'S0']],
    ['a cost that is none', ['TOOL_CALL', '--mode', 'lab', '--severity', 'S0', '--cost', 'much']],
  ])('answers 2 to %s', async (_what, args) => {
    expect(await policy(['explain', ...args])).toMatchObject({ code: 2, out: '' });
  });
});
