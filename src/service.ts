import { randomUUID } from 'node:crypto';
import { createApp, listen } from './api/app';
import { HealthCheck, missingParts } from './api/health-check';
import { openAccess } from './open-access';
import { startBackend } from './backend';
import type { Backend, OnClose } from './backend';
import { Closers } from './closers';
import type { Config } from './config';
import type { SettingsFileSources } from './config/file';
import { readFileModes } from './config/file-modes';
import { isLoopback } from './loopback';
import { startMetricsServer } from './observability/metrics-server';
import type { TemporalTracing } from './observability/temporal-tracing';
import { tracingSettings } from './observability/tracing-settings';
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
  const tracing = await openTracing({ api, worker, log, env }, onClose);
  const coreMetricsUrl = worker ? await exportCoreMetrics(log) : undefined;
  const backend = await startBackend({ config, worker, log, env, coreMetricsUrl, tracing }, onClose);
  const { container, metrics } = backend;

  const stopping = new AbortController();
  const health = probes(backend, config, stopping.signal);
  const check = new HealthCheck(health);
  const metricsServer = await startMetricsServer({
    port: config.metricsPort,
    host: config.host,
    render: () => metrics.render(),
    missing: async () => missingParts(await check.dependencies(), stopping.signal.aborted),
  });
  onClose(() => metricsServer.close());
  const urls = {
    metricsUrl: metricsServer.url,
    ...(api ? { apiUrl: await serveApi(backend, { config, health, log }, onClose) } : {}),
  };
  // The first to be closed: nobody is to come any more.
  onClose(() => Promise.resolve(stopping.abort()));
  const { policy, audit } = container;
  const reload = createReload({ policy, audit, modes: backend.modes, log, files }, modesAtStart);
  return { ...urls, reload };
}

/** The first to be opened, so that it is closed when nothing makes spans any more. Its libraries are loaded only where it is on. */
async function openTracing(
  { api, worker, log, env }: Pick<ServiceOptions, 'api' | 'worker' | 'log' | 'env'>,
  onClose: OnClose,
): Promise<TemporalTracing | undefined> {
  const settings = tracingSettings(env);
  if (settings === undefined) return undefined;
  const { startTracing } = await import('./observability/tracing.js');
  const tracing = startTracing(settings, api && worker ? 'tinman' : `tinman-${api ? 'api' : 'worker'}`, log);
  onClose(() => tracing.close());
  return tracing.temporal;
}

/** @returns its URL. */
async function serveApi(
  backend: Backend,
  { config, health, log }: { readonly config: Config; readonly health: HealthProbes; readonly log: Logger },
  onClose: OnClose,
): Promise<string> {
  const { container, metrics, cycles, approvals, modes } = backend;
  await openAccess(container.keys, config);
  const app = createApp({
    cycles,
    approvals,
    review: container.review,
    records: container.records,
    reports: container.reports,
    audit: container.auditLog,
    budgets: container.budgets,
    mode: container.stores.mode,
    deployments: backend.deployments,
    discussions: backend.discussions,
    schedules: backend.schedules,
    failures: container.stores.failures,
    modes,
    policy: container.policy,
    access: {
      keys: container.keys,
      proofs: container.proofs,
      keyless: isLoopback(config.host),
      requestsPerMinute: config.access.requestsPerMinute,
      corsOrigins: config.access.corsOrigins,
    },
    memory: container.memory,
    traces: { ...container.traces, uploads: backend.uploads },
    tools: container.tools,
    toolCalls: backend.toolCalls,
    targets: container.targets,
    defaultTarget: config.defaultTarget,
    health,
    metrics,
    identity: { version: VERSION, sessionId: randomUUID(), startedAt: new Date() },
    logger: log,
  });
  const server = await listen(app, { host: config.host, port: config.port });
  onClose(() => server.close());
  return server.url;
}

function probes(
  { container: { prisma, llm }, client }: Backend,
  { databaseUrl }: Config,
  stopping: AbortSignal,
): HealthProbes {
  return {
    database: () => probe(() => prisma.$queryRaw`SELECT 1`),
    temporal: () => probe(() => client.connection.workflowService.getSystemInfo({})),
    migrations: () => probe(() => requireMigrated(databaseUrl ?? '')),
    llm: async () => ({ ok: llm !== undefined && (await llm.available(AbortSignal.timeout(5_000))) }),
    llmConfigured: llm !== undefined,
    draining: () => stopping.aborted,
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
