import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cpuMsOf, rssMb } from './process-figures';
import { startEmbeddedPostgres } from '../src/embedded/postgres';
import { TEMPORAL_CLI } from '../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../src/embedded/temporal-binary';
import { startTemporalDevServer } from '../src/embedded/temporal';
import type { DevServer } from '../src/embedded/temporal';
import { freePorts } from '../src/embedded/supervisor-ports';
import { migrateDeploy } from '../src/persistence/migrations';

/** The whole system on this machine, with everything committed to disk, against a local model server. */
export interface System {
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** Resident memory of the largest worker in MB. */
  workerRssMb(): number;
  /** Resident memory of the API in MB. */
  apiRssMb(): number;
  /** CPU time so far in ms, by part; that of all workers together. Empty where there is no /proc. */
  cpuMs(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  readonly home: string;
  readonly latencyMs: number;
  readonly targets: readonly string[];
  readonly workers: number;
  readonly maxParallel: number;
  readonly env: NodeJS.ProcessEnv;
}

const readySchema = z.object({ ready: z.object({ api_url: z.string() }) });
const urlSchema = z.object({ url: z.string() });

/** Starts PostgreSQL, Temporal, model server, API and workers, each in a process of its own. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { home } = options;
  await mkdir(home, { recursive: true });
  const closers: (() => Promise<void>)[] = [];
  const program = (file: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess => {
    const child = fork(file, args, { env, silent: true });
    child.stderr?.pipe(process.stderr);
    closers.push(() => end(child));
    return child;
  };
  const postgres = await startEmbeddedPostgres({
    dataDir: join(home, 'postgres'),
    log: { info: () => {}, warn: () => {} },
  });
  closers.push(() => postgres.stop());
  await migrateDeploy(postgres.url, postgres.serviceUrl);
  const temporal = await startTemporal(home, options.env);
  closers.push(() => temporal.stop());

  const model = program(join(__dirname, 'model-server.js'), [String(options.latencyMs)], options.env);
  const { url } = urlSchema.parse((await once(model, 'message'))[0]);
  const config = join(home, 'tinman.yaml');
  await writeFile(config, configuration(options, `${url}/v1`));
  const main = join(__dirname, '..', 'src', 'cli', 'main.js');
  const env = {
    ...options.env,
    TINMAN_HOME: home,
    TINMAN_DATABASE_URL: postgres.serviceUrl,
    TEMPORAL_ADDRESS: temporal.address,
    TINMAN_RESEARCHER: 'offline',
    TINMAN_METRICS_PORT: '0',
    TINMAN_PORT: '0',
  };
  const workers = Array.from({ length: options.workers }, () =>
    program(main, ['worker', '--config', config], env),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const api = program(main, ['serve', '--config', config], env);
  const { ready } = readySchema.parse((await once(api, 'message'))[0]);
  const parts = {
    worker: workers,
    api: [api],
    model_server: [model],
    temporal: [temporal],
    postgres: [postgres],
  };
  return {
    apiUrl: ready.api_url,
    databaseUrl: postgres.url,
    temporalAddress: temporal.address,
    workerRssMb: () => Math.max(...workers.map(({ pid }) => rssMb(pid))),
    apiRssMb: () => rssMb(api.pid),
    cpuMs: () => cpuMsOf(parts),
    async stop() {
      for (const close of closers.toReversed()) await close();
    },
  };
}

async function startTemporal(home: string, env: NodeJS.ProcessEnv): Promise<DevServer> {
  const [grpc = 0, ui = 0] = await freePorts(2);
  const binary = await resolveTemporalBinary(TEMPORAL_CLI, { env });
  const ports = { grpc, ui };
  return startTemporalDevServer({ binary, home, namespace: 'default', ports, env, log: () => {} });
}

function configuration(
  { targets, maxParallel }: { readonly targets: readonly string[]; readonly maxParallel: number },
  url: string,
): string {
  const entries = targets.map(
    (name) =>
      `  ${name}: { kind: openai, base_url: "${url}", model: demo-1, price: { input_usd_per_mtok: 0.01, output_usd_per_mtok: 0.01 } }`,
  );
  return `log: { level: error }\nexperiments: { max_parallel: ${maxParallel} }\ntargets:\n${entries.join('\n')}\n`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
