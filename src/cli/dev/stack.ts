import type { Config } from '../../config';
import { startLocalServices } from '../../embedded/local-services';
import { superviseParts } from '../../embedded/supervised-parts';
import { claimPorts } from '../../embedded/supervisor-ports';
import { startService, type StackOptions } from './stack-parts';

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
  const parts = await superviseParts({ home: config.home, log, signal });
  try {
    const { databaseUrl, ownerDatabaseUrl, temporal } = await startLocalServices(parts, options);
    await migrate(ownerDatabaseUrl, databaseUrl, log);
    const env = {
      ...options.env,
      ...temporal.env,
      ...serviceEnvironment(config, databaseUrl, port, metricsPort),
    };
    const service = await parts.keep('service', (stopping) =>
      startService({ ...options, env, signal: stopping }),
    );
    return {
      ...service.urls,
      temporalAddress: temporal.address,
      uiUrl: temporal.uiUrl,
      failed: parts.failed,
      stop: () => parts.stop(),
    };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function migrate(url: string, serviceUrl: string, log: (line: string) => void): Promise<void> {
  const { migrateDeploy } = await import('../../persistence/migrations.js');
  const applied = await migrateDeploy(url, serviceUrl);
  if (applied.length > 0) log(`Applied migrations: ${applied.join(', ')}`);
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
    // The service never needs what the owner may do.
    TINMAN_OWNER_DATABASE_URL: undefined,
    // A key that happens to be in the environment must not make a first look cost money.
    ...(config.researcherIsChosen ? {} : { TINMAN_RESEARCHER: 'offline' }),
  };
}
