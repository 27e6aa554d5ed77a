import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import { z } from 'zod';
import type { Mode } from '../../src/domain/mode';
import { startEmbeddedPostgres } from '../../src/embedded/postgres';
import { startTemporalDevServer } from '../../src/embedded/temporal';
import { TEMPORAL_CLI } from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../../src/embedded/temporal-binary';
import { migrateDeploy } from '../../src/persistence/migrations';
import { runProgram, type ProgramEnd } from './stack-program';
import { StackProcess, startUntilReady } from './stack-process';
import { fastestFolder } from './fastest-folder';
import { keepablePorts } from './keepable-ports';
import { createTestDatabase } from './postgres';

/** The command line as the build has made it. */
export const TINMAN = join(__dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');

export interface StackOptions {
  /** Of the empty database; lab unless given. */
  readonly mode?: Mode;
  /** What stands in tinman.yaml, by the names of the file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
  /** Processes `tinman serve`; 1 unless given. */
  readonly apis?: number;
  /** Processes `tinman worker`; 1 unless given. */
  readonly workers?: number;
  /** `own` has a server of its own, which can be killed; `shared` a database on that of the jest run. */
  readonly postgres?: 'own' | 'shared';
  /** That of another stack; without it the stack starts one of its own. */
  readonly temporal?: TemporalProcess;
}

/** A dev server with its database file; after a restart it has the same ports and data. */
interface TemporalProcess {
  readonly process: StackProcess;
  readonly address: string;
  readonly uiUrl: string;
}

interface ApiProcess {
  readonly process: StackProcess;
  /** Stays the same over restarts. */
  readonly url: string;
  /** Without its path. */
  readonly metricsUrl: string;
}

/** The built system in processes of its own: PostgreSQL, Temporal, API and worker. */
export interface Stack {
  /** Of the first API. */
  readonly url: string;
  readonly apis: readonly ApiProcess[];
  readonly workers: readonly StackProcess[];
  /** One for each worker. */
  readonly workerMetricsUrls: readonly string[];
  readonly temporal: TemporalProcess;
  /** Only with `postgres: 'own'`. */
  readonly postgres: StackProcess | undefined;
  /** As its owner; API and worker connect as the service's role. */
  readonly databaseUrl: string;
  readonly serviceDatabaseUrl: string;
  readonly home: string;
  readonly taskQueue: string;
  /** A Temporal client, closed with the stack. */
  client(): Promise<Client>;
  /** Rows of a statement on the database; sessions that a killed server took along are opened anew. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs `tinman …` to its end, with this stack's API and database. */
  cli(...args: string[]): Promise<ProgramEnd>;
  /** The same, with a key for the API. */
  cliWithKey(key: string, ...args: string[]): Promise<ProgramEnd>;
  /** What the processes wrote, each line with the name of its process. */
  logs(): string;
  /** Stops what the stack started, in the opposite order, and removes its data. */
  stop(): Promise<void>;
}

const readySchema = z.object({
  ready: z.object({ api_url: z.string().nullable(), metrics_url: z.string() }),
});

/** Starts everything; what was started is stopped again when a later part does not start. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  if (!existsSync(TINMAN))
    throw new Error('dist/ is missing: run `npm run build` (npm test does it by itself)');
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    return { ...(await start(options, (step) => undo.push(step))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type OnStop = (step: () => Promise<unknown>) => void;

async function start(options: StackOptions, onStop: OnStop): Promise<Omit<Stack, 'stop'>> {
  const home = await mkdtemp(join(await fastestFolder(), 'tinman-test-stack-'));
  onStop(() => rm(home, { recursive: true, force: true, maxRetries: 10 }));
  const lines: string[] = [];
  const logOf = (name: string) => (line: string) => void lines.push(`${name}: ${line}`);

  const [database, temporal] = await bothOrNeither(
    options.postgres === 'own' ? ownDatabase(home, onStop) : sharedDatabase(onStop),
    options.temporal ?? startTemporal(home, logOf('temporal'), onStop),
  );
  const taskQueue = home.slice(-6);
  const env = await environment(options, home, { databaseUrl: database.serviceUrl, temporal, taskQueue });
  const service = (name: string, args: readonly string[]) =>
    startService(name, args, { env, cwd: home, log: logOf(name) }, onStop);
  const [workers, apis] = await bothOrNeither(
    Promise.all(numbered(options.workers ?? 1).map((n) => service(`worker-${n}`, ['worker']))),
    Promise.all(numbered(options.apis ?? 1).map((n) => service(`api-${n}`, ['serve']))),
  );
  const url = apis[0]?.url ?? '';
  const pool = new Pool({ connectionString: database.url, max: 4 });
  pool.on('error', (error) => logOf('pool')(error.message));
  onStop(() => pool.end());
  return {
    url,
    apis,
    workers: workers.map(({ process }) => process),
    workerMetricsUrls: workers.map(({ metricsUrl }) => metricsUrl),
    temporal,
    postgres: database.process,
    databaseUrl: database.url,
    serviceDatabaseUrl: database.serviceUrl,
    home,
    taskQueue,
    client: () => connect(temporal, onStop),
    query: async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...values])).rows,
    cli: (...args) =>
      runProgram(process.execPath, [TINMAN, ...args], { env: { ...env, TINMAN_URL: url }, cwd: home }),
    cliWithKey: (key, ...args) =>
      runProgram(process.execPath, [TINMAN, ...args], {
        env: { ...env, TINMAN_URL: url, TINMAN_API_KEY: key },
        cwd: home,
      }),
    logs: () => lines.join('\n'),
  };
}

interface Database {
  readonly url: string;
  readonly serviceUrl: string;
  readonly process?: StackProcess;
}

async function sharedDatabase(onStop: OnStop): Promise<Database> {
  const database = await createTestDatabase();
  onStop(() => database.drop());
  return database;
}

async function ownDatabase(home: string, onStop: OnStop): Promise<Database> {
  let [url, serviceUrl] = ['', ''];
  const server = await StackProcess.start('postgres', async () => {
    const log = { info: () => undefined, warn: () => undefined };
    const started = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), log });
    ({ url, serviceUrl } = started);
    return { pid: started.pid, exited: started.ended, stop: () => started.stop() };
  });
  onStop(() => server.stop());
  await migrateDeploy(url, serviceUrl);
  return { url, serviceUrl, process: server };
}

/** A port that was free can be somebody else's a moment later. */
const PORT_ATTEMPTS = 3;

async function startTemporal(
  home: string,
  log: (line: string) => void,
  onStop: OnStop,
): Promise<TemporalProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startTemporalOn(await keepablePorts(2), home, log, onStop);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function startTemporalOn(
  [grpc = 0, ui = 0]: readonly number[],
  home: string,
  log: (line: string) => void,
  onStop: OnStop,
): Promise<TemporalProcess> {
  const binary = await resolveTemporalBinary(TEMPORAL_CLI, { env: process.env });
  const ports = { grpc, ui };
  const server = await StackProcess.start('temporal', async () => {
    const started = await startTemporalDevServer({
      binary,
      home,
      namespace: 'default',
      ports,
      env: inherited(),
      log,
    });
    const killOnExit = (): void => void process.kill(started.pid, 'SIGKILL');
    process.once('exit', killOnExit);
    void started.exited.then(() => process.off('exit', killOnExit));
    return started;
  });
  onStop(() => server.stop());
  return { process: server, address: `127.0.0.1:${grpc}`, uiUrl: `http://127.0.0.1:${ui}` };
}

/** Our variables, without any that a developer has set for another Tinman, Temporal or provider. */
async function environment(
  { mode, settings, env }: StackOptions,
  home: string,
  where: { readonly databaseUrl: string; readonly temporal: TemporalProcess; readonly taskQueue: string },
): Promise<NodeJS.ProcessEnv> {
  const profile = join(home, 'temporal.toml');
  await writeFile(profile, '[profile.default]\n');
  // JSON is YAML. Tests look far more often than people and programs do.
  const access = { requests_per_minute: 1_000_000 };
  const file = { access, ...settings, temporal: { task_queue: where.taskQueue } };
  await writeFile(join(home, 'tinman.yaml'), JSON.stringify(file, null, 2));
  return {
    ...inherited(),
    TINMAN_HOME: home,
    TINMAN_CONFIG: join(home, 'tinman.yaml'),
    TINMAN_DATABASE_URL: where.databaseUrl,
    TINMAN_MODE: mode ?? 'lab',
    TINMAN_RESEARCHER: 'offline',
    TEMPORAL_ADDRESS: where.temporal.address,
    TEMPORAL_CONFIG_FILE: profile,
    ...env,
  };
}

function inherited(): NodeJS.ProcessEnv {
  const foreign = /^(TINMAN|TEMPORAL|ANTHROPIC|OPENAI)_/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

async function startService(
  name: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly log: (line: string) => void },
  onStop: OnStop,
): Promise<ApiProcess> {
  let urls = { api_url: null as string | null, metrics_url: '' };
  const [port, metricsPort] = await keepablePorts(2);
  const env = { ...options.env, TINMAN_PORT: `${port}`, TINMAN_METRICS_PORT: `${metricsPort}` };
  const service = await StackProcess.start(name, async () => {
    const { process, message } = await startUntilReady([TINMAN, ...args], { ...options, env });
    urls = readySchema.parse(message).ready;
    return process;
  });
  onStop(() => service.stop());
  return { process: service, url: urls.api_url ?? '', metricsUrl: urls.metrics_url };
}

async function connect({ address }: TemporalProcess, onStop: OnStop): Promise<Client> {
  const connection = await Connection.connect({ address });
  onStop(() => connection.close());
  return new Client({ connection });
}

/** Waits for both even when one fails, so that what the other started is known to be stopped. */
async function bothOrNeither<A, B>(a: Promise<A> | A, b: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

function numbered(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
