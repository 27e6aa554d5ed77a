import { randomUUID } from 'node:crypto';
import { createApp, listen } from './api/app';
import { openAccess } from './open-access';
import { startBackend } from './backend';
import type { OnClose } from './backend';
import { Closers } from './closers';
import type { Config } from './config';
import type { SettingsFileSources } from './config/file';
import { readFileModes } from './config/file-modes';
import type { Container } from './container';
import { isLoopback } from './loopback';
import { startMetricsServer } from './observability/metrics-server';
import { requireMigrated } from './persistence/migrations';
import type { HealthProbes, Probe } from './ports/health';
import type { Logger } from './ports/logger';
import { createReload } from './reload';
import { exportCoreMetrics } from './temporal/runtime';
import { VERSION } from './version';

/** A running process: the API, a worker, or both. */
export interface Service {
  readonly apiUrl?: string;
  readonly metricsUrl?: string;
  /** Takes no more work, ends what is under way and closes every connection. */
  close(): Promise<void>;
  /** Reads mode and risk policy again. Never rejects. */
  reload(): Promise<void>;
}

export interface ServiceOptions {
  readonly config: Config;
  readonly api: boolean;
  readonly worker: boolean;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a reload reads again. */
  readonly files: SettingsFileSources;
}

/**
 * Starts API and worker against the configured database and Temporal. What was started is closed again when a later part
 * fails to start.
 * @throws {DomainError} `invalid_configuration`, `not_ready`; {MigrationError}; {ListenError}.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { add, close } = new Closers();
  try {
    return { ...(await start(options, add)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  { config, api, worker, log, env, files }: ServiceOptions,
  onClose: OnClose,
): Promise<Omit<Service, 'close'>> {
  const modesAtStart = readFileModes(files).modes;
  const coreMetricsUrl = worker ? await exportCoreMetrics(log) : undefined;
  const backend = await startBackend({ config, worker, log, env, coreMetricsUrl }, onClose);
  const { container, client, metrics, cycles, approvals, modes } = backend;

  const metricsServer = await startMetricsServer({
    port: config.metricsPort,
    host: config.host,
    render: () => metrics.render(),
  });
  onClose(() => metricsServer.close());
  const metricsUrl = metricsServer.url;
  const { policy, audit } = container;
  const reload = createReload({ policy, audit, modes: backend.modes, log, files }, modesAtStart);
  if (!api) return { metricsUrl, reload };
  await openAccess(container.keys, config);

  let draining = false;
  const app = createApp({
    cycles,
    approvals,
    review: container.review,
    records: container.records,
    audit: container.auditLog,
    budgets: container.budgets,
    mode: container.stores.mode,
    deployments: backend.deployments,
    failures: container.stores.failures,
    modes,
    policy,
    access: {
      keys: container.keys,
      proofs: container.proofs,
      keyless: isLoopback(config.host),
      requestsPerMinute: config.access.requestsPerMinute,
      corsOrigins: config.access.corsOrigins,
    },
    tools: container.tools,
    toolCalls: backend.toolCalls,
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
  return { apiUrl: server.url, metricsUrl, reload };
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
