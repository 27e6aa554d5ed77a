import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DockerfileParser, type Dockerfile } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { z } from 'zod';
import { freePorts } from '../../src/embedded/supervisor-ports';
import { until } from '../e2e/research-client';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres';
import { startDevServer, type TemporalHarness } from '../support/temporal';

const ROOT = join(__dirname, '..', '..');
/** Who runs in the container; only root can become that here. */
const AS = process.getuid?.() === 0 ? { uid: 65_532, gid: 65_532 } : {};

/** The arguments of the last instruction of a kind, in the stage with this name where one is given. */
function lastOf(dockerfile: Dockerfile, keyword: string): string {
  const found = dockerfile.getInstructions().filter((one) => one.getKeyword() === keyword);
  const instruction = found.at(-1);
  if (instruction === undefined) throw new Error(`the Dockerfile has no ${keyword}`);
  return instruction.getArgumentsContent() ?? '';
}

const execForm = (text: string): string[] => z.array(z.string()).parse(JSON.parse(text.replace(/^CMD /, '')));

describe('the Dockerfile', () => {
  it('is right by its linter, runs as nobody in particular and ends in order', async () => {
    const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    expect(validate(text)).toEqual([]);
    const dockerfile = DockerfileParser.parse(text);
    expect(lastOf(dockerfile, 'USER')).toBe('65532:65532');
    expect(lastOf(dockerfile, 'EXPOSE')).toBe('8000 9090');
    expect(lastOf(dockerfile, 'STOPSIGNAL')).toBe('SIGTERM');
    expect(
      dockerfile
        .getENVs()
        .flatMap((env) => env.getProperties().map((one) => `${one.getName()}=${one.getValue()}`)),
    ).toContain('TINMAN_MODE=shadow');
    const images = dockerfile.getFROMs().map((from) => from.getImage());
    expect(new Set(images)).toEqual(new Set(['node:${NODE_VERSION}-bookworm-slim']));
    expect(lastOf(dockerfile, 'ARG')).toMatch(/^NODE_VERSION=\d+\.\d+\.\d+$/);
  });
});

describe('what the image holds, in a clean folder and as another user', () => {
  let dockerfile: Dockerfile;
  let app: string;
  let home: string;
  let database: TestDatabase;
  let temporal: TemporalHarness;
  let env: NodeJS.ProcessEnv;
  const children: ChildProcess[] = [];
  const said: string[] = [];

  beforeAll(async () => {
    dockerfile = DockerfileParser.parse(await readFile(join(ROOT, 'Dockerfile'), 'utf8'));
    app = await mkdtemp(join(tmpdir(), 'tinman-image-'));
    home = await mkdtemp(join(tmpdir(), 'tinman-image-home-'));
    await chmod(app, 0o755);
    if (AS.uid !== undefined) await chown(home, AS.uid, AS.gid);
    await copyFiles();
    [database, temporal] = await Promise.all([createEmptyDatabase(), startDevServer()]);
    await writeFile(join(home, 'bootstrap-key'), KEY, { mode: 0o644 });
    env = {
      PATH: process.env['PATH'],
      ...Object.fromEntries(
        dockerfile
          .getENVs()
          .flatMap((one) => one.getProperties().map((each) => [each.getName(), each.getValue()])),
      ),
      TINMAN_HOST: '127.0.0.1',
      TINMAN_HOME: home,
      TINMAN_DATABASE_URL: database.serviceUrl,
      TEMPORAL_ADDRESS: temporal.env.connection.options.address,
      TINMAN_BOOTSTRAP_KEY_FILE: join(home, 'bootstrap-key'),
    };
  }, 180_000);
  afterAll(async () => {
    for (const child of children.toReversed()) await end(child);
    await temporal?.stop();
    await database?.drop();
    for (const folder of [app, home]) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  const KEY = `tinman_${randomBytes(16).toString('hex')}_${randomBytes(32).toString('base64url')}`;

  /** The instructions of the stages `dependencies` and `runtime` that put files in place. */
  async function copyFiles(): Promise<void> {
    for (const name of ['package.json', 'package-lock.json']) await cp(join(ROOT, name), join(app, name));
    const install = dockerfile
      .getInstructions()
      .map((one) => one.getArgumentsContent() ?? '')
      .find((line) => line.startsWith('npm ci --omit=dev'));
    expect(install).toBeDefined();
    await finished(run('sh', ['-c', `${install} --prefer-offline`], { cwd: app, env: process.env, as: {} }));
    for (const copy of dockerfile.getCOPYs()) {
      const [target = '', ...sources] = copy
        .getArguments()
        .map((one) => one.getValue())
        .toReversed();
      for (const source of sources) {
        if (source === '.' || source.startsWith('/app/') || source === 'package-lock.json') continue;
        const from = join(ROOT, source.replace(/^\/build\//, ''));
        const to = target.endsWith('/') ? join(app, target, source) : join(app, target);
        await mkdir(dirname(to), { recursive: true });
        await cp(from, to, { recursive: true });
      }
    }
  }

  function run(
    command: string,
    args: readonly string[],
    {
      cwd = app,
      env: variables = env,
      as = AS,
    }: { cwd?: string; env?: NodeJS.ProcessEnv; as?: typeof AS | object } = {},
  ): ChildProcess {
    const child = spawn(command, args, { cwd, env: variables, ...as, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => void said.push(chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    return child;
  }

  async function finished(child: ChildProcess): Promise<void> {
    await once(child, 'exit');
    if (child.exitCode !== 0) throw new Error(`ended with ${String(child.exitCode)}: ${said.join('')}`);
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  const entry = (): [string, ...string[]] =>
    z.tuple([z.string()], z.string()).parse(execForm(lastOf(dockerfile, 'ENTRYPOINT')));

  function start(
    args: readonly string[],
    ports: { readonly port: number; readonly metrics: number },
  ): ChildProcess {
    const [command, ...first] = entry();
    const variables = { ...env, TINMAN_PORT: String(ports.port), TINMAN_METRICS_PORT: String(ports.metrics) };
    const child = run(command, [...first, ...args], { env: variables });
    children.push(child);
    return child;
  }

  it('migrates, serves, works, answers its health check, and runs a cycle', async () => {
    const [command, ...first] = entry();
    const owner = { ...env, TINMAN_OWNER_DATABASE_URL: database.url };
    await finished(run(command, [...first, 'migrate', 'deploy'], { env: owner }));

    const [port = 0, metrics = 0, workerMetrics = 0] = await freePorts(3);
    start(execForm(lastOf(dockerfile, 'CMD')), { port, metrics });
    start(['worker'], { port: 0, metrics: workerMetrics });
    const url = `http://127.0.0.1:${port}`;
    const statusOf = async (path: string) => (await fetch(path).catch(() => undefined))?.status;
    await until(
      () => statusOf(`${url}/ready`),
      (status) => status === 200,
      60_000,
    );
    await until(
      () => statusOf(`http://127.0.0.1:${workerMetrics}/ready`),
      (status) => status === 200,
      60_000,
    );

    for (const each of [metrics, workerMetrics]) {
      const [program = '', ...args] = execForm(
        /CMD (\[.*\])$/.exec(lastOf(dockerfile, 'HEALTHCHECK'))?.[1] ?? '',
      );
      await finished(run(program, args, { env: { ...env, TINMAN_METRICS_PORT: String(each) } }));
    }
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'healthy', mode: 'shadow' });
    expect((await fetch(`${url}/status`)).status).toBe(401);
    const cycle = await fetch(`${url}/research/cycle?wait=60`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` },
      body: JSON.stringify({
        max_hypotheses: 1,
        max_experiments: 1,
        runs_per_experiment: 3,
        replay_pairs: 5,
      }),
    });
    expect(await cycle.json()).toMatchObject({ state: 'completed', experiments_count: 1 });
  }, 150_000);
});
