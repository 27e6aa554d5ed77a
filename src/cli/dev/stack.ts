import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config';
import { lockHome } from '../../embedded/supervisor-lock';
import { ChildRecord } from '../../embedded/supervisor-orphans';
import { claimPorts, freePorts } from '../../embedded/supervisor-ports';
import { supervise, type Running, type Supervised } from '../../embedded/supervisor';
import { startPostgres, startService, startTemporal, type StackOptions } from './stack-parts';

/** Everything of Tinman on this machine, kept running until it is stopped. */
export interface Stack {
  readonly apiUrl: string;
  readonly metricsUrl: string;
  readonly temporalAddress: string;
  /** Of the Web UI; only of a Temporal that was started here. */
  readonly uiUrl: string | undefined;
  /** Resolves when a part could not be kept running. */
  readonly failed: Promise<Error>;
  /** Stops what was started, in the opposite order. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL and Temporal where none is configured, applies the migrations, and starts API and worker in one
 * process; each that dies is started again.
 * @throws {PortInUse | HomeInUse} before anything is started, or what stopped a part from starting; nothing is left running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config, log, signal } = options;
  const [port = 0, metricsPort = 0] = await claimPorts(config.host, [
    { port: config.port, setting: 'TINMAN_PORT' },
    { port: config.metricsPort, setting: 'TINMAN_METRICS_PORT' },
  ]);
  const undo: (() => Promise<void>)[] = [await lockHome(config.home)];
  const stop = async () => {
    for (const step of undo.toReversed()) await step();
  };
  const failures: Promise<Error>[] = [];
  const children = new ChildRecord(config.home);
  /** Supervises a part and records its process; the part is stopped with the stack. */
  const keep = async <T extends Running>(
    name: string,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const supervised: Supervised<T> = await supervise({
      name,
      log,
      start: async (stopping) => {
        const running = await start(AbortSignal.any([stopping, signal]));
        await children.remember(name, running.pid);
        return running;
      },
    });
    undo.push(async () => {
      await supervised.stop();
      await children.forget(name);
    });
    failures.push(supervised.gaveUp);
    signal.throwIfAborted();
    return supervised.first;
  };
  try {
    await prepareHome(config);
    await children.stopOrphans(log);
    const databaseUrl = await database(options, keep);
    const temporal = await temporalService(options, keep);
    const env = {
      ...options.env,
      ...temporal.env,
      ...serviceEnvironment(config, databaseUrl, port, metricsPort),
    };
    const service = await keep('service', (stopping) => startService({ ...options, env, signal: stopping }));
    return {
      ...service.urls,
      temporalAddress: temporal.address,
      uiUrl: temporal.uiUrl,
      failed: Promise.race(failures),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Keep = <T extends Running>(name: string, start: (signal: AbortSignal) => Promise<T>) => Promise<T>;

async function prepareHome({ home }: Config): Promise<void> {
  await mkdir(join(home, 'logs'), { recursive: true });
}

async function database({ config, log }: StackOptions, keep: Keep): Promise<string> {
  const { migrateDeploy } = await import('../../persistence/migrations.js');
  const started =
    config.databaseUrl === undefined ? await keep('postgres', () => startPostgres(config, log)) : undefined;
  const url = config.databaseUrl ?? started?.url ?? '';
  const applied = await migrateDeploy(config.ownerDatabaseUrl ?? url);
  if (applied.length > 0) log(`Applied migrations: ${applied.join(', ')}`);
  return url;
}

interface TemporalService {
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

async function temporalService(options: StackOptions, keep: Keep): Promise<TemporalService> {
  const { config, env } = options;
  const { address, namespace } = config.temporal;
  if (address !== undefined) return { address, uiUrl: undefined, env: {} };
  const [grpc = 0, ui = 0] = await freePorts(2);
  const started = await keep('temporal', (signal) => startTemporal({ ...options, signal }, { grpc, ui }));
  // TLS, keys and profiles that the user has for another Temporal are none of this one's business.
  const foreign = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_'));
  const profile = join(config.home, 'temporal.toml');
  await writeFile(profile, '[profile.default]\n');
  return {
    address: started.address,
    uiUrl: started.uiUrl,
    env: {
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      TEMPORAL_ADDRESS: started.address,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_CONFIG_FILE: profile,
    },
  };
}

function serviceEnvironment(
  config: Config,
  databaseUrl: string,
  port: number,
  metricsPort: number,
): NodeJS.ProcessEnv {
  return {
    TINMAN_HOME: config.home,
    TINMAN_HOST: config.host,
    TINMAN_PORT: String(port),
    TINMAN_METRICS_PORT: String(metricsPort),
    TINMAN_DATABASE_URL: databaseUrl,
    // A key that happens to be in the environment must not make a first look cost money.
    ...(config.researcherIsChosen ? {} : { TINMAN_RESEARCHER: 'offline' }),
  };
}
