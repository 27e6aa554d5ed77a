import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config';
import { logFile } from './log-file';
import type { SupervisedParts } from './supervised-parts';
import type { Running } from './supervisor';
import { freePorts } from './supervisor-ports';
import type { DevServer } from './temporal';

/** What Tinman stands on, started here or configured. */
export interface LocalServices {
  readonly databaseUrl: string;
  /** For migrations: that of the owner, which is another role than the service's where the database was started here. */
  readonly ownerDatabaseUrl: string;
  readonly temporal: {
    readonly address: string;
    /** Of the Web UI; only of a Temporal that was started here. */
    readonly uiUrl: string | undefined;
    /** What takes the place of the user's TEMPORAL_* variables for whoever connects to it. */
    readonly env: NodeJS.ProcessEnv;
  };
}

export interface LocalServicesOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  /** For people: what is going on. */
  readonly log: (line: string) => void;
}

/** PostgreSQL and Temporal, each started on this machine where none is configured. */
export async function startLocalServices(
  parts: SupervisedParts,
  options: LocalServicesOptions,
): Promise<LocalServices> {
  const { config, log } = options;
  const database =
    configuredDatabase(config) ?? (await parts.keep('postgres', () => startPostgres(config, log)));
  const { databaseUrl, ownerDatabaseUrl } = database;
  return { databaseUrl, ownerDatabaseUrl, temporal: await temporalService(parts, options) };
}

type DatabaseUrls = Pick<LocalServices, 'databaseUrl' | 'ownerDatabaseUrl'>;

function configuredDatabase({ databaseUrl, ownerDatabaseUrl }: Config): DatabaseUrls | undefined {
  if (databaseUrl === undefined) return undefined;
  return { databaseUrl, ownerDatabaseUrl: ownerDatabaseUrl ?? databaseUrl };
}

/** PostgreSQL over the data of this home. */
async function startPostgres(config: Config, log: (line: string) => void): Promise<Running & DatabaseUrls> {
  const { startEmbeddedPostgres } = await import('./postgres.js');
  const server = await startEmbeddedPostgres({
    dataDir: join(config.home, 'postgres'),
    log: { info: () => undefined, warn: (_fields, message) => log(message) },
  });
  return {
    databaseUrl: server.serviceUrl,
    ownerDatabaseUrl: server.url,
    pid: server.pid,
    exited: server.ended,
    stop: () => server.stop(),
  };
}

async function temporalService(
  parts: SupervisedParts,
  options: LocalServicesOptions,
): Promise<LocalServices['temporal']> {
  const { config, env } = options;
  const { address, namespace } = config.temporal;
  if (address !== undefined) return { address, uiUrl: undefined, env: {} };
  const [grpc = 0, ui = 0] = await freePorts(2);
  const started = await parts.keep('temporal', (signal, spawned) =>
    startTemporal(options, { grpc, ui }, signal, spawned),
  );
  // TLS, keys and profiles that the user has for another Temporal are none of this one's business.
  const foreign = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_'));
  const profile = join(config.home, 'temporal.toml');
  await writeFile(profile, '[profile.default]\n');
  return {
    address: started.address,
    uiUrl: started.uiUrl,
    env: {
      // Not left out: what is not set may stand in `.env`.
      ...Object.fromEntries(foreign.map((name) => [name, ''])),
      TEMPORAL_ADDRESS: started.address,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_CONFIG_FILE: profile,
    },
  };
}

/** A Temporal dev server over the database file of this home; the executable is found or fetched. */
async function startTemporal(
  { config, env, log }: LocalServicesOptions,
  ports: { readonly grpc: number; readonly ui: number },
  signal: AbortSignal,
  spawned: (pid: number) => Promise<void>,
): Promise<DevServer> {
  const [{ TEMPORAL_CLI }, { resolveTemporalBinary }, { startTemporalDevServer }] = await Promise.all([
    import('./temporal-artifact.js'),
    import('./temporal-binary.js'),
    import('./temporal.js'),
  ]);
  return startTemporalDevServer({
    binary: await resolveTemporalBinary(TEMPORAL_CLI, { env, log, signal }),
    home: config.home,
    namespace: config.temporal.namespace,
    ports,
    env,
    log: logFile(config.home, 'temporal'),
    signal,
    spawned,
  });
}
