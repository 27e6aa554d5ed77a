import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createApp, listen } from './api/app';
import type { Config } from './config';
import { activitiesOf, gatewaysOf, openContainer } from './container';
import type { Container } from './container';
import { createMetrics } from './observability/metrics';
import { startMetricsServer } from './observability/metrics-server';
import { requireMigrated } from './persistence/migrations';
import type { HealthProbes, Probe } from './ports/health';
import type { Logger } from './ports/logger';
import { connectClient } from './temporal/connection';
import type { TemporalEndpoint } from './temporal/connection';
import { closeOrphanedCycles } from './temporal/orphaned-cycles';
import { registerSearchAttributes } from './temporal/search-attributes';
import { startWorker } from './temporal/worker';
import { VERSION } from './version';

const SEAL_EVERY_MS = 2_000;
const CLOSE_ORPHANS_EVERY_MS = 15_000;

/** A running process: the API, a worker, or both. */
export interface Service {
  readonly apiUrl?: string;
  readonly metricsUrl?: string;
  /** Takes no more work, ends what is under way and closes every connection. */
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly config: Config;
  readonly api: boolean;
  readonly worker: boolean;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts API and worker against the configured database and Temporal. What was started is closed again when a later part
 * fails to start.
 * @throws {DomainError} `invalid_configuration`, `not_ready`; {MigrationError}; {ListenError}.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    return { ...(await start(options, (closer) => closers.push(closer))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  { config, api, worker, log, env }: ServiceOptions,
  onClose: (closer: () => Promise<void>) => void,
): Promise<Omit<Service, 'close'>> {
  const endpoint = endpointOf(config);
  const coreMetricsUrl = worker ? await exportCoreMetrics() : undefined;
  const container = await openContainer(config, env);
  onClose(() => container.close());
  const metrics = createMetrics({
    effects: () => container.records.effects(),
    mode: async () => (await container.stores.mode.current()).mode,
    ...(coreMetricsUrl === undefined ? {} : { coreMetricsUrl }),
  });
  const client = await connectClient(endpoint);
  onClose(() => client.connection.close());
  await registerSearchAttributes(client);
  onClose(regularly(SEAL_EVERY_MS, 'seal the audit log', () => container.sealAudit(), log));
  const { records, stores } = container;
  const closeOrphans = (): Promise<unknown> =>
    closeOrphanedCycles({ client, records, cycles: stores.cycles });
  if (worker) onClose(regularly(CLOSE_ORPHANS_EVERY_MS, 'close orphaned cycles', closeOrphans, log));
  if (worker) {
    const activities = (draining: AbortSignal) => activitiesOf(container, config, metrics, draining);
    onClose(await startWorker(endpoint, activities, log));
  }

  const metricsServer = await startMetricsServer({
    port: config.metricsPort,
    host: config.host,
    render: () => metrics.render(),
  });
  onClose(() => metricsServer.close());
  const metricsUrl = metricsServer.url;
  if (!api) return { metricsUrl };

  let draining = false;
  const app = createApp({
    ...gatewaysOf(container, client, endpoint.taskQueue),
    records: container.records,
    mode: container.stores.mode,
    targets: container.targets,
    defaultTarget: config.defaultTarget,
    health: probes(
      container,
      config,
      () => client.connection.workflowService.getSystemInfo({}),
      () => draining,
    ),
    metrics,
    identity: { version: VERSION, sessionId: randomUUID(), startedAt: new Date() },
    logger: log,
  });
  const server = await listen(app, { host: config.host, port: config.port });
  onClose(() => {
    draining = true;
    return server.close();
  });
  return { apiUrl: server.url, metricsUrl };
}

/** @throws {DomainError} `invalid_configuration` without an address. */
function endpointOf({ temporal }: Config): TemporalEndpoint {
  const { address, namespace, taskQueue } = temporal;
  return { address: address ?? DEFAULT_TEMPORAL_ADDRESS, namespace, taskQueue };
}

/** Where a Temporal server listens by convention. */
const DEFAULT_TEMPORAL_ADDRESS = '127.0.0.1:7233';

/** The SDK's Core has an exporter of its own; it listens on a free loopback port and is read by our page. */
async function exportCoreMetrics(): Promise<string> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  Runtime.install({
    logger: new DefaultLogger('WARN'),
    shutdownSignals: [],
    telemetryOptions: {
      metrics: {
        prometheus: {
          bindAddress,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
  });
  return `http://${bindAddress}/metrics`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Does a chore at intervals, never twice at once, until the returned function is called. */
function regularly(
  everyMs: number,
  what: string,
  chore: () => Promise<unknown>,
  log: Logger,
): () => Promise<void> {
  const ended = new AbortController();
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        await chore();
        await sleep(everyMs, undefined, { signal: ended.signal });
      } catch (error) {
        if (ended.signal.aborted) return;
        log.warn({ err: error }, `could not ${what}; trying again`);
        await sleep(everyMs, undefined, { signal: ended.signal }).catch(() => undefined);
      }
    }
  };
  const running = run();
  return () => {
    ended.abort();
    return running;
  };
}

function probes(
  { prisma, llm }: Container,
  { databaseUrl }: Config,
  pingTemporal: () => Promise<unknown>,
  draining: () => boolean,
): HealthProbes {
  return {
    database: () => probe(() => prisma.$queryRaw`SELECT 1`),
    temporal: () => probe(pingTemporal),
    migrations: () => probe(() => requireMigrated(databaseUrl ?? '')),
    llm: async () => ({ ok: llm !== undefined && (await llm.available(AbortSignal.timeout(5_000))) }),
    llmConfigured: llm !== undefined,
    draining,
  };
}

async function probe(ask: () => Promise<unknown>): Promise<Probe> {
  try {
    await ask();
    return { ok: true };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
