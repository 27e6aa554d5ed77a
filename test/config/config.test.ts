import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, constantFrom, integer, property } from 'fast-check';
import { CONFIG_TEMPLATE } from '../../src/cli/config-template';
import { ConfigError, loadConfig, settingsFor, type ConfigSources } from '../../src/config';
import { DomainError } from '../../src/domain/errors';

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-config-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ cwd, env: {}, ...sources });
const withFile = (text: string) => writeFileSync(join(cwd, 'tinman.yaml'), text);

function mistakesOf(sources: Partial<ConfigSources> = {}): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.mistakes.map(({ where, field, message }) => `${where} ${field}: ${message}`);
    }
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(load()).toMatchObject({
      home: join(cwd, '.tinman'),
      host: '127.0.0.1',
      port: 8000,
      metricsPort: 9090,
      initialMode: 'lab',
      researcher: 'offline',
      temporal: { namespace: 'default', taskQueue: 'tinman' },
      defaultTarget: 'demo',
      targets: { demo: { kind: 'demo' } },
      experiments: { maxParallel: 5, defaultTimeoutSeconds: 300, costLimitUsd: 10 },
      approval: {
        timeouts: { S0: 86_400, S1: 86_400, S2: 604_800, S3: 86_400, S4: 86_400 },
        onReview: 'wait',
        requireComment: false,
        notifyOnBlock: true,
        reminderAt: 0.5,
        escalateAt: 0.8,
      },
      cost: {
        global: { limitMicroUsd: 100_000_000, period: 'daily', hardLimit: true, warnThreshold: 0.8 },
        targets: {},
        prices: {},
      },
    });
  });

  it('lets the command line win over the environment, and this over the file', () => {
    withFile('port: 1000\nmetrics_port: 1001\nhost: 10.0.0.1\nlog: {level: warn}\n');
    const config = load({
      env: { TINMAN_PORT: '2000', TINMAN_METRICS_PORT: '2001', TINMAN_HOST: '' },
      overrides: [{ path: ['port'], value: 3000, from: '--port' }],
    });
    expect(config).toMatchObject({ port: 3000, metricsPort: 2001, host: '10.0.0.1', log: { level: 'warn' } });
  });

  it('uses Claude where there is a key, unless told otherwise', () => {
    expect(load({ env: { ANTHROPIC_API_KEY: 'k' } })).toMatchObject({
      researcher: 'anthropic',
      researcherIsChosen: false,
    });
    expect(load({ env: { ANTHROPIC_API_KEY: 'k', TINMAN_RESEARCHER: 'offline' } })).toMatchObject({
      researcher: 'offline',
      researcherIsChosen: true,
    });
    expect(mistakesOf({ env: { TINMAN_RESEARCHER: 'anthropic' } })).toEqual([
      'TINMAN_RESEARCHER researcher: anthropic needs ANTHROPIC_API_KEY',
    ]);
  });

  it('migrates with the owner of the tables where roles are split, else with the service itself', () => {
    const service = 'postgresql://app@db/tinman';
    expect(load({ env: { TINMAN_DATABASE_URL: service } }).ownerDatabaseUrl).toBe(service);
    const owner = 'postgresql://owner@db/tinman';
    const split = load({ env: { TINMAN_DATABASE_URL: service, TINMAN_OWNER_DATABASE_URL: owner } });
    expect(split).toMatchObject({ databaseUrl: service, ownerDatabaseUrl: owner });
  });

  it('reports every mistake of the file at its line and column', () => {
    withFile(
      [
        'port: high',
        'experiments:',
        '  max_paralel: 3',
        '  cost_limit_usd: -1',
        'approval:',
        '  timeouts: {S2: 400d, S3: 12h}',
        'modes:',
        '  production:',
        '    approval:',
        '      timeouts:',
        '        S1: soon',
        'mode: prodution',
        'targets:',
        '  mine: {model: x}',
      ].join('\n'),
    );
    expect(mistakesOf()).toEqual([
      'tinman.yaml:1:7 port: Invalid input: expected number, received string',
      expect.stringMatching(/^tinman\.yaml:12:7 mode: .*did you mean production\?$/),
      expect.stringMatching(/^tinman\.yaml:14:9 targets\.mine\.kind: /),
      expect.stringMatching(/^tinman\.yaml:4:19 experiments\.cost_limit_usd: Too small/),
      'tinman.yaml:3:3 experiments.max_paralel: unknown setting; did you mean max_parallel?',
      'tinman.yaml:6:18 approval.timeouts.S2: Expected at most 365 days',
      'tinman.yaml:11:13 modes.production.approval.timeouts.S1: Expected seconds, or a number with a unit such as 90m, 24h or 7d',
    ]);
  });

  it('names the variable or the option whose value is wrong', () => {
    const overrides = [{ path: ['metrics_port'], value: 70_000, from: '--metrics-port' }];
    expect(mistakesOf({ env: { TINMAN_PORT: 'tcp://10.0.0.1:8000' }, overrides })).toEqual([
      'TINMAN_PORT port: Invalid input: expected number, received string',
      '--metrics-port metrics_port: Too big: expected number to be <=65535',
    ]);
  });

  it('does not pass over a variable that is one of ours but for a slip', () => {
    expect(mistakesOf({ env: { TINMAN_BUGDET_USD: '5', TINMAN_SERVICE_HOST: '10.0.0.1' } })).toEqual([
      'TINMAN_BUGDET_USD : unknown variable; did you mean TINMAN_BUDGET_USD?',
    ]);
  });

  it.each([
    ['TINMAN_ANTHROPIC_MODEL', 'ANTHROPIC_MODEL'],
    ['TINMAN_TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
    ['TINMAN_OPENAI_MODLE', 'TINMAN_OPENAI_MODEL'],
  ])('suggests for %s the variable that there is: %s', (name, meant) => {
    expect(mistakesOf({ env: { [name]: 'x' } })).toEqual([
      `${name} : unknown variable; did you mean ${meant}?`,
    ]);
  });

  it('shows where a mistake in the settings of a target is, in the words of its adapter', () => {
    withFile('targets:\n  mine:\n    kind: openai\n    base_url: nowhere\n');
    const checkTarget = (name: string) => {
      throw new DomainError('invalid_configuration', 'is no URL', { pointer: `/targets/${name}/base_url` });
    };
    expect(mistakesOf({ checkTarget })).toEqual(['tinman.yaml:4:15 targets.mine.base_url: is no URL']);
  });

  it('says where a file stops being YAML, and refuses one that is no mapping or not there', () => {
    withFile('port: 1\nhost: [\n');
    expect(mistakesOf()[0]).toMatch(/^tinman\.yaml:[23]:\d+ : /);
    withFile('- port\n');
    expect(mistakesOf()).toEqual(['tinman.yaml:1:1 : expected settings as `name: value`']);
    withFile('port: 1\nport: 2\n');
    expect(mistakesOf()[0]).toMatch(/^tinman\.yaml:2:1 : .*unique/i);
    expect(mistakesOf({ configPath: 'other.yaml' })[0]).toMatch(/^other\.yaml : cannot be read: /);
  });

  it('knows no target that is not configured', () => {
    withFile('targets:\n  staging: {kind: openai}\n');
    expect(mistakesOf({ env: { TINMAN_TARGET: 'stagin' } })).toEqual([
      'TINMAN_TARGET default_target: no such target; there are demo, staging; did you mean staging?',
    ]);
  });

  it('takes every duration up to 365 days as seconds', () => {
    assert(
      property(constantFrom('s', 'm', 'h', 'd'), integer({ min: 1, max: 365 }), (unit, count) => {
        withFile(`approval: {timeouts: {S0: ${count}${unit}}}`);
        expect(load().approval.timeouts.S0).toBe(count * { s: 1, m: 60, h: 3_600, d: 86_400 }[unit]);
      }),
      { numRuns: 60 },
    );
    withFile('approval: {timeouts: {S0: 0s, S1: 366d, S2: 8761h, S3: 1.5d, S4: 1000000000}}');
    expect(mistakesOf()).toHaveLength(5);
  });
});

describe('settingsFor', () => {
  it('lays the overrides of the mode over the general settings', () => {
    withFile(
      'experiments: {max_parallel: 8}\nmodes: {production: {experiments: {max_parallel: 2}, approval: {timeouts: {S2: 1h}}}}',
    );
    const config = load();
    expect(settingsFor(config, 'lab').experiments.maxParallel).toBe(8);
    const production = settingsFor(config, 'production');
    expect(production.experiments).toEqual({
      ...{ maxParallel: 2, defaultTimeoutSeconds: 300, costLimitUsd: 10 },
      followUpCalls: 20,
    });
    expect(production.approval.timeouts).toMatchObject({ S1: 86_400, S2: 3_600 });
  });

  it('asks people as the mode has it', () => {
    withFile(
      'approval: {reminder_at: 0, require_comment: true}\n' +
        'modes: {shadow: {approval: {on_review: reject, notify_on_block: false}}}',
    );
    const { timeouts: _timeouts, ...shadow } = settingsFor(load(), 'shadow').approval;
    expect(shadow).toEqual({
      onReview: 'reject',
      requireComment: true,
      notifyOnBlock: false,
      reminderAt: 0,
      escalateAt: 0.8,
    });
    expect(settingsFor(load(), 'production').approval).toMatchObject({
      onReview: 'wait',
      notifyOnBlock: true,
    });
  });

  it('lets nothing be sent at the deadline or after it', () => {
    withFile('approval: {reminder_at: -0.1, escalate_at: 1}');
    expect(mistakesOf()).toHaveLength(2);
  });
});

describe('the file that init writes', () => {
  it('changes nothing as it is', () => {
    const before = load();
    withFile(CONFIG_TEMPLATE);
    expect(load()).toEqual(before);
  });

  it('shows the defaults, which hold when they are uncommented', () => {
    const before = load();
    withFile(CONFIG_TEMPLATE.replace(/^# /gm, ''));
    const { targets, modes, researcherIsChosen, modeIsChosen, ...rest } = load();
    expect({ researcherIsChosen, modeIsChosen }).toEqual({ researcherIsChosen: true, modeIsChosen: true });
    expect(before).toMatchObject(rest);
    expect(Object.keys(targets)).toEqual(['demo', 'my-assistant']);
    expect(modes.production.experiments.maxParallel).toBe(2);
  });
});
