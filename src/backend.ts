import { setTimeout as sleep } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Client } from '@temporalio/client';
import type { ActivityDeps } from '../activities';
import type { Config } from './config';
import { activitiesOf, measuredOf, openContainer } from './container';
import { gatewaysOf } from './gateways';
import type { Container } from './container';
import { openDiscussions } from './discussion';
import { createMetrics } from './observability/metrics';
import type { TemporalTracing } from './observability/temporal-tracing';
import type { ApprovalGateway, CycleGateway } from './ports/cycle-gateway';
import type { DeploymentGateway } from './ports/deployment-gateway';
import type { Discussions } from './ports/discussions';
import type { Logger } from './ports/logger';
import type { Metrics } from './ports/metrics';
import type { ModeGateway } from './ports/mode-gateway';
import type { ScheduleGateway } from './ports/schedules';
import type { ToolGateway } from './ports/tool';
import type { TraceUploads } from './ports/trace-uploads';
import { connectClient, endpointOf } from './temporal/connection';
import type { TemporalEndpoint } from './temporal/connection';
import { closeOrphans } from './temporal/orphans';
import { registerSearchAttributes } from './temporal/search-attributes';
import { startActivityWorker, startWorker } from './temporal/worker';
import { keepTraces } from './trace-chores';
import { deliverDue, forgetTold } from './webhooks/dispatcher';
import { openEndpoints } from './webhooks/endpoints';

const SEAL_EVERY_MS = 2_000;
const CLOSE_ORPHANS_EVERY_MS = 15_000;
const REGISTER_WEBHOOKS_EVERY_MS = 60_000;
const DELIVER_EVERY_MS = 1_000;
const FORGET_EVENTS_EVERY_MS = 60_000;

/** A process of tools ends with what it has begun. */
const NEVER = new AbortController().signal;

/** What the service and the library share: the open database, Temporal, and a worker where one is asked for. */
export interface Backend {
  readonly container: Container;
  readonly client: Client;
  readonly metrics: Metrics;
  readonly cycles: CycleGateway;
  readonly approvals: ApprovalGateway;
  readonly modes: ModeGateway;
  readonly toolCalls: ToolGateway;
  readonly deployments: DeploymentGateway;
  readonly uploads: TraceUploads;
  readonly schedules: ScheduleGateway;
  readonly discussions: Discussions;
  /** Runs calls of tools that only this process has, on a task queue of their own, until the backend is closed. */
  serveTools(taskQueue: string, tools: ActivityDeps['tools']): Promise<void>;
}

export interface BackendOptions {
  readonly config: Config;
  readonly worker: boolean;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the Temporal SDK's own metrics are read. */
  readonly coreMetricsUrl?: string | undefined;
  /** Undefined: nothing is traced. */
  readonly tracing?: TemporalTracing | undefined;
}

/** Told how to close each part once it runs; they are closed in the opposite order. */
export type OnClose = (closer: () => Promise<void>) => void;

/** @throws {DomainError} `invalid_configuration`, `not_ready`; {MigrationError}. */
export async function startBackend(options: BackendOptions, onClose: OnClose): Promise<Backend> {
  const { config, log, env, coreMetricsUrl, tracing } = options;
  const endpoint = endpointOf(config.temporal, env);
  const container = await openContainer(config, env);
  onClose(() => container.close());
  await warnOfOtherMode(container, config, log);
  const metrics = createMetrics({
    ...measuredOf(container),
    ...(coreMetricsUrl === undefined ? {} : { coreMetricsUrl }),
  });
  const client = await connectClient(endpoint, tracing?.client);
  onClose(() => client.connection.close());
  await registerSearchAttributes(client);
  onClose(sealing(container, log));
  const serveTools: Backend['serveTools'] = async (taskQueue, tools) => {
    const activities = activitiesOf({ ...container, tools }, config, metrics, NEVER);
    const runTool: typeof activities.runTool = (input) => activities.runTool(input);
    onClose(await startActivityWorker(endpoint, taskQueue, { runTool }, { log, tracing }));
  };
  const gateways = gatewaysOf(container, client, endpoint.taskQueue);
  const discussions = openDiscussions(container, config, metrics);
  const backend = { container, client, metrics, ...gateways, discussions, serveTools };
  if (options.worker) await runWorker(backend, endpoint, options, onClose);
  return backend;
}

/** Seals regularly, and once more at the end, when nobody writes any more. */
function sealing(container: Container, log: Logger): () => Promise<void> {
  const stop = regularly(SEAL_EVERY_MS, 'seal the audit log', () => container.sealAudit(), log);
  return async () => {
    await stop();
    await container
      .sealAudit()
      .catch((error: unknown) => log.warn({ err: error }, 'the end of the audit log is not sealed'));
  };
}

/** A mode that is configured is for an empty database: it never changes the one in force. */
async function warnOfOtherMode(
  { stores }: Container,
  { initialMode: configured, modeIsChosen }: Config,
  log: Logger,
): Promise<void> {
  const { mode } = await stores.mode.current();
  if (!modeIsChosen || mode === configured) return;
  log.warn(
    { mode, configured },
    `the mode is ${mode} and stays so, though ${configured} is configured, which is for an empty database; ` +
      `tinman mode set ${configured} asks for the change`,
  );
}

async function runWorker(
  { container, client, metrics }: Backend,
  endpoint: TemporalEndpoint,
  { config, log, env, tracing }: BackendOptions,
  onClose: OnClose,
): Promise<void> {
  const { records, stores } = container;
  const closeOrphaned = async (): Promise<void> => {
    const closed = await closeOrphans({ client, records, stores });
    if (closed.length > 0) log.warn({ closed }, 'ended what waited for workflows that were ended past it');
  };
  onClose(regularly(CLOSE_ORPHANS_EVERY_MS, 'end what waits for no workflow', closeOrphaned, log));
  for (const { everyMs, what, run } of keepTraces(container, config, log)) {
    onClose(regularly(everyMs, what, run, log));
  }
  await tellWebhooks(container, { config, log, env }, onClose);
  const activities = (draining: AbortSignal) => activitiesOf(container, config, metrics, draining);
  onClose(await startWorker(endpoint, activities, { log, tracing }));
}

/** Each endpoint has a chore of its own, so that a slow one holds up no other. */
async function tellWebhooks(
  { outbox }: Container,
  { config, log, env }: Pick<BackendOptions, 'config' | 'log' | 'env'>,
  onClose: OnClose,
): Promise<void> {
  const register = async (): Promise<void> => {
    const retired = await outbox.register(config.webhooks);
    if (retired.length > 0) log.warn({ webhooks: retired }, 'webhooks that are not configured any more');
  };
  const endpoints = await openEndpoints(config.webhooks, env);
  await register();
  onClose(regularly(REGISTER_WEBHOOKS_EVERY_MS, 'register webhooks', register, log));
  onClose(regularly(FORGET_EVENTS_EVERY_MS, 'delete old events', () => forgetTold(outbox), log));
  for (const endpoint of endpoints) {
    const deliver = (): Promise<unknown> => deliverDue(endpoint, { outbox, log });
    onClose(regularly(DELIVER_EVERY_MS, `deliver events to ${endpoint.name}`, deliver, log));
  }
}

/** Does a chore at intervals, never twice at once and without spans, until the returned function is called. */
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
        await context.with(suppressTracing(context.active()), chore);
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
