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
import { freePorts } from '../src/embedded/supervisor-ports';
import { migrateDeploy } from '../src/persistence/migrations';

/** The whole system on this machine, with everything committed to disk, against a local model server. */
export interface System {
  readonly apiUrl: string;
  readonly databaseUrl: string;
  /** Resident memory of the worker in MB. */
  workerRssMb(): number;
  /** CPU time so far in ms, by part. Empty where there is no /proc. */
  cpuMs(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const readySchema = z.object({ ready: z.object({ api_url: z.string().nullable() }) });
const urlSchema = z.object({ url: z.string() });

/** Starts PostgreSQL, Temporal, model server, API and one worker, each in a process of its own. */
export async function startSystem(options: {
  readonly home: string;
  readonly faults: readonly string[];
  readonly latencyMs: number;
  readonly targets: readonly string[];
  readonly maxParallel: number;
}): Promise<System> {
  const { home } = options;
  await mkdir(home, { recursive: true });
  const closers: (() => Promise<void>)[] = [];
  const quiet = { info: () => {}, warn: () => {} };
  const postgres = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), log: quiet });
  closers.push(() => postgres.stop());
  await migrateDeploy(postgres.url);
  const [grpc = 0, ui = 0] = await freePorts(2);
  const temporal = await startTemporalDevServer({
    binary: await resolveTemporalBinary(TEMPORAL_CLI, { env: process.env }),
    home,
    namespace: 'default',
    ports: { grpc, ui },
    env: process.env,
    log: () => {},
  });
  closers.push(() => temporal.stop());

  const model = fork(join(__dirname, 'model-server.js'), [
    options.faults.join(','),
    String(options.latencyMs),
  ]);
  closers.push(() => end(model));
  const { url } = urlSchema.parse((await once(model, 'message'))[0]);
  const config = join(home, 'tinman.yaml');
  await writeFile(config, configuration(options, `${url}/v1`));
  const env = {
    ...process.env,
    TINMAN_HOME: home,
    TINMAN_DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    TINMAN_RESEARCHER: 'offline',
    TINMAN_METRICS_PORT: '0',
    TINMAN_PORT: '0',
  };
  const start = async (
    command: string,
  ): Promise<{ readonly child: ChildProcess; readonly apiUrl: string }> => {
    const main = join(__dirname, '..', 'src', 'cli', 'main.js');
    const child = fork(main, [command, '--config', config], { env, silent: true });
    closers.push(() => end(child));
    const { ready } = readySchema.parse((await once(child, 'message'))[0]);
    return { child, apiUrl: ready.api_url ?? '' };
  };
  const worker = await start('worker');
  const api = await start('serve');
  return {
    apiUrl: api.apiUrl,
    databaseUrl: postgres.url,
    workerRssMb: () => rssMb(worker.child.pid),
    cpuMs: () =>
      cpuMsOf({
        worker: worker.child.pid,
        api: api.child.pid,
        temporal: temporal.pid,
        postgres: postgres.pid,
        model_server: model.pid,
      }),
    async stop() {
      for (const close of closers.toReversed()) await close();
    },
  };
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
