import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { z } from 'zod';
import { TEMPORAL_CLI } from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../../src/embedded/temporal-binary';
import { postgresClientFolder } from '../support/postgres-client';
import { startStack, TINMAN, type Stack } from '../support/stack';
import { runProgram, type ProgramEnd } from '../support/stack-program';
import { fencesUnder, readDocument } from './markdown';

const RUNBOOK = 'docs/runbook.md';
const HEADINGS = [...readDocument(RUNBOOK).matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

const Health = z.looseObject({ checks: z.record(z.string(), z.boolean()) });
const Mode = z.object({ mode: z.string(), waiting: z.object({ approval_id: z.string() }).nullable() });

jest.setTimeout(120_000);

describe('docs/runbook.md', () => {
  let stack: Stack;
  let env: NodeJS.ProcessEnv;
  const ran = new Map<string, number>();

  beforeAll(async () => {
    stack = await startStack({ postgres: 'own' });
    const bin = join(stack.home, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'tinman'), `#!/bin/sh\nexec "${process.execPath}" "${TINMAN}" "$@"\n`);
    await chmod(join(bin, 'tinman'), 0o755);
    const [temporal, clients] = await Promise.all([
      resolveTemporalBinary(TEMPORAL_CLI, { env: process.env }),
      postgresClientFolder(),
    ]);
    env = {
      ...process.env,
      PATH: [bin, clients, dirname(temporal.path), process.env['PATH']].join(delimiter),
      TINMAN_HOME: stack.home,
      TINMAN_URL: stack.url,
      TINMAN_DATABASE_URL: stack.serviceDatabaseUrl,
      TINMAN_OWNER_DATABASE_URL: stack.databaseUrl,
      TEMPORAL_ADDRESS: stack.temporal.address,
      TEMPORAL_CONFIG_FILE: join(stack.home, 'temporal.toml'),
      TASK_QUEUE: stack.taskQueue,
    };
    const { stdout } = await stack.cli('keys', 'create', '--owner', 'on call', '--role', 'admin');
    env['TINMAN_API_KEY'] = stdout.trim();
  }, 120_000);
  afterAll(() => stack?.stop());

  const shell = (script: string, more: NodeJS.ProcessEnv = {}): Promise<ProgramEnd> =>
    runProgram('sh', ['-eu', '-c', script], { env: { ...env, ...more }, cwd: stack.home });

  /** Runs a block of the document, as it stands but for where things are on this machine. */
  async function run(heading: string, index: number, more: NodeJS.ProcessEnv = {}): Promise<ProgramEnd> {
    const block = shellBlocks(heading)[index]?.text ?? '';
    const script = block
      .replaceAll('http://localhost:8000', stack.url)
      .replaceAll('http://localhost:9090', stack.apis[0]?.metricsUrl ?? '')
      .replaceAll('$(pidof tinman)', pids().join(' '));
    expect(script).not.toBe('');
    const end = await shell(script, more);
    expect({ script, ...end }).toMatchObject({ code: 0 });
    ran.set(heading, (ran.get(heading) ?? 0) + 1);
    return end;
  }
  const shellBlocks = (heading: string) =>
    fencesUnder(RUNBOOK, heading).filter(({ language }) => language === 'sh');
  const pids = () => [...stack.apis.map(({ process }) => process), ...stack.workers].map(({ pid }) => pid);
  const modeNow = async () => {
    const { stdout } = await stack.cliWithKey(env['TINMAN_API_KEY'] ?? '', 'mode', 'show', '--json');
    return Mode.parse(JSON.parse(stdout));
  };
  const put = (mode: string) => stack.query('UPDATE mode_state SET mode = $1, version = version + 1', [mode]);

  it('finds every process of ours by the name that the runbook uses', async () => {
    const { stdout } = await promisify(execFile)('pidof', ['tinman']);
    expect(stdout.trim().split(' ').map(Number)).toEqual(expect.arrayContaining(pids()));
  });

  it('Is it well?', async () => {
    const { stdout } = await run('Is it well?', 0);
    const shown = fencesUnder(RUNBOOK, 'Is it well?').find(({ language }) => language === 'json');
    const { checks, ...expected } = Health.parse(JSON.parse(shown?.text ?? '{}'));
    const told = Health.parse(JSON.parse(stdout));
    expect(told).toMatchObject(expected);
    expect(Object.keys(told.checks)).toEqual(expect.arrayContaining(Object.keys(checks)));
    await run('Is it well?', 1);
  });

  it('Change the mode', async () => {
    const cycle = await stack.cliWithKey(
      env['TINMAN_API_KEY'] ?? '',
      ...['cycle', 'start', '--focus', 'instruction_override', '--max-hypotheses', '1'],
      ...['--max-experiments', '1', '--replay-pairs', '20', '--watch', '--json'],
    );
    expect(cycle).toMatchObject({ code: 0 });
    await run('Change the mode', 0);
    expect((await modeNow()).mode).toBe('shadow');
    const [failure] = await stack.query<{ id: string }>(`SELECT id FROM failures WHERE severity = 'S4'`);
    await run('Change the mode', 1, { FAILURE: failure?.id });
    const { stdout } = await run('Change the mode', 2);
    expect(stdout).toContain('"success":false');
    const { waiting } = await modeNow();
    await run('Change the mode', 3, { APPROVAL: waiting?.approval_id });
    await until(async () => (await modeNow()).mode === 'production');
  });

  it('Emergency rollback', async () => {
    await run('Emergency rollback', 0);
    expect((await modeNow()).mode).toBe('shadow');
    await put('production');
    await writeFile(
      join(stack.home, 'tinman.yaml'),
      `mode: lab\ntemporal:\n  task_queue: ${stack.taskQueue}\n`,
    );
    await run('Emergency rollback', 1);
    await until(async () => (await modeNow()).mode === 'shadow');
  });

  it('Something costs too much', async () => {
    await run('Something costs too much', 0);
    expect(await stack.query(`SELECT FROM audit_logs WHERE event_type = 'budget_reset'`)).toHaveLength(1);
  });

  it('It is slow', async () => {
    const { stdout } = await run('It is slow', 0);
    expect(stdout).toContain('http_request_duration');
  });

  it.each(['It will not start', 'Approvals pile up', 'Keys', 'Migrations'])('%s', async (heading) => {
    expect(await run(heading, 0)).toMatchObject({ code: 0 });
  });

  it('Back up and Restore', async () => {
    const key = env['TINMAN_API_KEY'] ?? '';
    const cycles = async () => (await stack.cliWithKey(key, 'cycle', 'list', '--json')).stdout;
    const before = await cycles();
    const services = [...stack.apis.map(({ process }) => process), ...stack.workers];
    for (const service of services) await service.stop();
    await run('Back up', 0);
    await loseEverything(stack.databaseUrl);
    await run('Restore', 0);
    for (const service of services) await service.restart();
    const { stdout } = await run('Restore', 1);
    expect(stdout).toContain('instruction_override');
    expect(await cycles()).toBe(before);
  });

  it('has no command that was not run here', () => {
    const blocks = HEADINGS.map((heading) => [heading, shellBlocks(heading).length] as const);
    const expected = blocks.filter(([, count]) => count > 0);
    expect(ran).toEqual(new Map(expected));
  });
});

async function loseEverything(ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await client.end();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come about within 20 s');
    await sleep(100);
  }
}
