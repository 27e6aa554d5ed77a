import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, type ConfigSources } from '../../src/config';
import { readEnvFile, withEnvFile } from '../../src/config/env-file';
import { readFileModes } from '../../src/config/file-modes';

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-env-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ cwd, env: {}, ...sources });

function mistakesOf(sources: Partial<ConfigSources> = {}): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.mistakes.map(({ where, field, message }) => `${where} ${field}: ${message}`);
  }
  return [];
}

describe('.env', () => {
  it('stands below the environment and above tinman.yaml', () => {
    write('tinman.yaml', 'port: 1\nmetrics_port: 1\nhost: file\nmode: shadow\nhome: file\n');
    write('.env', 'TINMAN_PORT=2\nTINMAN_METRICS_PORT=2\nexport TINMAN_HOST="env file" # note\n');
    const overrides = [{ path: ['port'], value: 4, from: '--port' }];
    const config = load({ env: { TINMAN_PORT: '3', TINMAN_METRICS_PORT: '3' }, overrides });
    expect(config).toMatchObject({
      port: 4,
      metricsPort: 3,
      host: 'env file',
      initialMode: 'shadow',
      home: join(cwd, 'file'),
    });
  });

  it('is hidden by a variable that is set to nothing', () => {
    write('.env', 'TINMAN_PORT=2\n');
    expect(load({ env: { TINMAN_PORT: '' } }).port).toBe(8_000);
    expect(load({ env: { TINMAN_PORT: undefined } }).port).toBe(2);
  });

  it('may name the settings file', () => {
    write('other.yaml', 'port: 7\n');
    write('.env', 'TINMAN_CONFIG=other.yaml');
    expect(load().port).toBe(7);
  });

  it('has its mistakes told with their lines, also where it was read into the environment before', () => {
    write(
      '.env',
      '# ours\nTINMAN_PORT=high\nTINMAN_BUGDET_USD=5\nOTHER thing\n\nTINMAN_MODE shadow\nMODEL=gpt\n',
    );
    const told = [
      '.env:6 : expected NAME=value',
      '.env:3 TINMAN_BUGDET_USD: unknown variable; did you mean TINMAN_BUDGET_USD?',
      '.env:2 port: Invalid input: expected number, received string',
    ];
    expect(mistakesOf()).toEqual(told);
    expect(mistakesOf({ env: withEnvFile({ HOME: '/' }, readEnvFile(cwd)) })).toEqual(told);
    expect(mistakesOf({ env: { TINMAN_PORT: 'low' } })).toContain(
      'TINMAN_PORT port: Invalid input: expected number, received string',
    );
  });

  it('has the second of two values, and its line', () => {
    write('.env', 'TINMAN_PORT=5\nTINMAN_PORT=many\n');
    expect(mistakesOf()).toEqual(['.env:2 port: Invalid input: expected number, received string']);
  });

  it('need not be there, and may be a folder of someone else', () => {
    expect(readEnvFile(cwd)).toMatchObject({ values: {}, mistakes: [] });
    mkdirSync(join(cwd, '.env'));
    expect(readEnvFile(cwd)).toMatchObject({ values: {}, mistakes: [] });
  });

  it('is refused when it is too large to be one', () => {
    write('.env', `A=${'a'.repeat(1_048_576)}`);
    expect(mistakesOf()).toEqual(['.env : larger than 1 MiB']);
  });
});

describe('the modes in the files', () => {
  const modes = (env: Record<string, string> = {}, configPath?: string) => {
    const read = readFileModes({ cwd, env, configPath });
    return { modes: Object.fromEntries(read.modes), mistakes: read.mistakes.map(({ where }) => where) };
  };

  it('are what the files say, whatever the environment says and whatever else is wrong in them', () => {
    write('.env', 'TINMAN_MODE=shadow\nTINMAN_PORT=high\n');
    write('tinman.yaml', 'port: high\nmode: production\n');
    expect(modes({ TINMAN_MODE: 'lab' })).toEqual({
      modes: { '.env': 'shadow', 'tinman.yaml': 'production' },
      mistakes: [],
    });
  });

  it('are none where none is named', () => {
    write('.env', 'TINMAN_MODE=\n');
    expect(modes()).toEqual({ modes: { '.env': undefined, 'tinman.yaml': undefined }, mistakes: [] });
  });

  it('are left out where they cannot be read', () => {
    write('.env', 'TINMAN_MODE=shadwo\n');
    write('my.yaml', 'port: 1\nmode: [shadow]\n');
    expect(modes({}, 'my.yaml')).toEqual({ modes: {}, mistakes: ['.env:1', 'my.yaml:2:7'] });
    write('my.yaml', 'mode: [\n');
    expect(modes({ TINMAN_CONFIG: 'my.yaml' }).mistakes.map((where) => where.split(':')[0])).toEqual([
      '.env',
      'my.yaml',
    ]);
    write('.env', 'TINMAN_MODE shadow\n');
    write('my.yaml', 'mode: lab\n');
    expect(modes({}, 'my.yaml')).toEqual({ modes: { 'my.yaml': 'lab' }, mistakes: ['.env:1'] });
  });
});
