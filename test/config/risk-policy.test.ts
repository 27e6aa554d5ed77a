import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConfig } from '../../src/config';
import { ConfigError } from '../../src/config/mistakes';
import { PolicyHolder } from '../../src/config/policy-holder';
import { DEFAULT_POLICY, loadRiskPolicy, readRiskPolicy } from '../../src/config/risk-policy';
import { riskPolicyDocument } from '../../src/domain/risk-policy-document';

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-policy-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const MATRIX = `base_matrix:
  lab: {S0: safe, S1: safe, S2: review, S3: review, S4: block}
  shadow: {S0: safe, S1: review, S2: review, S3: block, S4: block}
  production: {S0: review, S1: review, S2: block, S3: block, S4: block}
`;

const source = () => ({ path: join(cwd, 'policy.yaml'), shownAs: 'policy.yaml' });
const withPolicy = (text: string) => writeFileSync(source().path, text);

function mistakesOf(text: string): readonly string[] {
  withPolicy(text);
  return readRiskPolicy(source()).mistakes.map(
    ({ where, field, message }) => `${where} ${field}: ${message}`,
  );
}

function policyOf(text: string) {
  withPolicy(text);
  return loadRiskPolicy(source());
}

describe('a policy file', () => {
  it('may say no more than the matrix: then nothing is overridden, and the thresholds are those of the seed', () => {
    expect(riskPolicyDocument(policyOf(MATRIX))).toEqual({
      base_matrix: {
        lab: { S0: 'safe', S1: 'safe', S2: 'review', S3: 'review', S4: 'block' },
        shadow: { S0: 'safe', S1: 'review', S2: 'review', S3: 'block', S4: 'block' },
        production: { S0: 'review', S1: 'review', S2: 'block', S3: 'block', S4: 'block' },
      },
      action_overrides: {},
      cost_thresholds: { low_cost_max: 1, high_cost_min: 10 },
    });
    const { costThresholds } = policyOf(`${MATRIX}cost_thresholds: {high_cost_min: 2.5}\n`);
    expect(costThresholds).toEqual({ lowCostMaxMicroUsd: 1_000_000, highCostMinMicroUsd: 2_500_000 });
  });

  it('has a version by what it says, not by how it is written', () => {
    const { version } = policyOf(MATRIX);
    expect(version).toMatch(/^sha256:[0-9a-f]{12}$/);
    const [head, ...modes] = MATRIX.trimEnd().split('\n');
    const rewritten = [
      '# a comment',
      'cost_thresholds: {high_cost_min: 10.0, low_cost_max: 1}',
      head,
      ...modes.toReversed(),
    ];
    expect(policyOf(rewritten.join('\n')).version).toBe(version);
    expect(policyOf(MATRIX.replace('S4: block', 'S4: review')).version).not.toBe(version);
    expect(policyOf(`${MATRIX}action_overrides: {FINE_TUNE: {lab: block}}\n`).version).not.toBe(version);
    expect(policyOf(`${MATRIX}cost_thresholds: {low_cost_max: 2}\n`).version).not.toBe(version);
  });

  it('is refused with every mistake in it, each with its place and what may have been meant', () => {
    const text = [
      'base_matrix:',
      '  lab: {S0: save, S1: safe, S2: review, S3: review, S5: block}',
      '  shadwo: {S0: safe, S1: review, S2: review, S3: block, S4: block}',
      '  production: {S0: review, S1: review, S2: 3, S3: block, S4: block}',
      'action_overrides:',
      '  DEPLOY_INTERVENTON:',
      '    production: block',
      '  DESTRUCTIVE_TEST:',
      '    prodution: block',
      '    shadow: [block]',
      'cost_thresholds:',
      '  low_cost_max: 20',
      '  high_cost_min: 10',
      'override: {}',
    ].join('\n');
    expect(mistakesOf(text).toSorted()).toEqual(
      [
        'policy.yaml:2:13 base_matrix.lab.S0: Invalid option: expected one of "safe"|"review"|"block"; did you mean safe?',
        'policy.yaml:2:8 base_matrix.lab.S4: is missing',
        'policy.yaml:2:53 base_matrix.lab.S5: unknown severity; did you mean S0?',
        'policy.yaml:2:3 base_matrix.shadow: is missing',
        'policy.yaml:3:3 base_matrix.shadwo: unknown mode; did you mean shadow?',
        'policy.yaml:4:44 base_matrix.production.S2: Invalid option: expected one of "safe"|"review"|"block"',
        'policy.yaml:6:3 action_overrides.DEPLOY_INTERVENTON: unknown action; did you mean DEPLOY_INTERVENTION?',
        'policy.yaml:9:5 action_overrides.DESTRUCTIVE_TEST.prodution: unknown mode; did you mean production?',
        'policy.yaml:10:13 action_overrides.DESTRUCTIVE_TEST.shadow: Invalid option: expected one of "safe"|"review"|"block"',
        'policy.yaml:12:17 cost_thresholds.low_cost_max: is above high_cost_min',
        'policy.yaml:14:1 override: unknown entry',
      ].toSorted(),
    );
  });

  it.each([
    ['without a matrix', 'action_overrides: {}', 'policy.yaml:1:1 base_matrix: is missing'],
    ['that is empty', '', 'policy.yaml:1:1 base_matrix: is missing'],
    ['with a duplicate', `${MATRIX}base_matrix: {}`, 'policy.yaml:5:1 : Map keys must be unique'],
    [
      'with a duplicate severity',
      MATRIX.replace('S1: safe', 'S0: block'),
      'policy.yaml:2:19 : Map keys must be unique',
    ],
    [
      'with a cost below zero',
      `${MATRIX}cost_thresholds: {low_cost_max: -1}`,
      'policy.yaml:5:33 cost_thresholds.low_cost_max: Too small: expected number to be >=0',
    ],
    [
      'with a cost in words',
      `${MATRIX}cost_thresholds: {high_cost_min: ten}`,
      'policy.yaml:5:34 cost_thresholds.high_cost_min: Invalid input: expected number, received string',
    ],
    [
      'with a low threshold above the high one of the seed',
      `${MATRIX}cost_thresholds: {low_cost_max: 11}`,
      'policy.yaml:5:33 cost_thresholds.low_cost_max: is above high_cost_min',
    ],
    ['that is a list', '- lab', 'policy.yaml:1:1 : expected settings as `name: value`'],
  ])('is refused %s', (_what, text, mistake) => {
    expect(mistakesOf(text)).toEqual([mistake]);
  });

  it('must be there, and its mistakes are told with those of tinman.yaml', () => {
    writeFileSync(join(cwd, 'tinman.yaml'), 'risk_policy: {path: policy.yaml}\n');
    const load = () => loadConfig({ cwd, env: {}, checkPolicy: true });
    expect(load).toThrow(/policy\.yaml: cannot be read/);
    withPolicy('base_matrix: {}');
    expect(load).toThrow(/policy\.yaml:1:14: base_matrix\.lab: is missing/);
    withPolicy(MATRIX);
    expect(load().riskPolicy).toEqual(source());
    const env = { TINMAN_RISK_POLICY: 'other.yaml' };
    expect(loadConfig({ cwd, env }).riskPolicy).toEqual({
      path: join(cwd, 'other.yaml'),
      shownAs: 'other.yaml',
    });
    expect(loadConfig({ cwd: tmpdir(), env: {} }).riskPolicy).toEqual(DEFAULT_POLICY);
  });

  it('goes with the package', () => {
    const { files } = z
      .object({ files: z.array(z.string()) })
      .parse(JSON.parse(readFileSync(join(DEFAULT_POLICY.path, '..', 'package.json'), 'utf8')));
    expect(files).toContain('risk_policy.yaml');
  });
});

describe('a policy that is read again', () => {
  it('takes the place of the one before, which is told', () => {
    withPolicy(MATRIX);
    const holder = new PolicyHolder(source());
    const first = holder.current();
    withPolicy(`${MATRIX}action_overrides: {FINE_TUNE: {lab: block}}\n`);
    expect(holder.current()).toBe(first);
    expect(holder.reload()).toBe(first);
    expect(holder.current().actionOverrides).toEqual({ FINE_TUNE: { lab: 'block' } });
  });

  it('leaves the one before in force when there is a mistake in it', () => {
    withPolicy(MATRIX);
    const holder = new PolicyHolder(source());
    const first = holder.current();
    withPolicy('base_matrix: [');
    expect(() => holder.reload()).toThrow(ConfigError);
    expect(holder.current()).toBe(first);
    rmSync(source().path);
    expect(() => holder.reload()).toThrow(/cannot be read/);
    expect(holder.current()).toBe(first);
  });
});
