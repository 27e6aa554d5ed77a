import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import type { ActivityInterceptorsFactory, WorkerOptions } from '@temporalio/worker';
import type { Logger } from '../ports/logger';
import { logActivities } from './activity-log';
import { connectWorker, converterOf } from './connection';
import type { TemporalEndpoint } from './connection';

/** Workflows kept in memory: about 0.4 MB each (measured), so some 200 MB at most. */
const CACHED_WORKFLOWS = 500;

/** What traces need of a worker; without it there are none. */
interface WorkerTracing {
  readonly activity: ActivityInterceptorsFactory;
  readonly sinks: NonNullable<WorkerOptions['sinks']>;
}

interface Observed {
  readonly log: Logger;
  readonly tracing?: WorkerTracing | undefined;
}

/**
 * Runs a worker until the returned function is called, which lets activities under way end. The activities are given a
 * signal of that moment, so that long ones begin nothing new: they go on where the next worker runs.
 */
export async function startWorker(
  endpoint: TemporalEndpoint,
  activities: (draining: AbortSignal) => object,
  { log, tracing }: Observed,
): Promise<() => Promise<void>> {
  const connection = await connectWorker(endpoint);
  const draining = new AbortController();
  const worker = await Worker.create({
    connection,
    namespace: endpoint.namespace,
    taskQueue: endpoint.taskQueue,
    activities: activities(draining.signal),
    ...converterOf(endpoint),
    ...workflowCode(),
    ...observedBy({ log, tracing }),
    maxCachedWorkflows: CACHED_WORKFLOWS,
    stickyQueueScheduleToStartTimeout: '2 seconds',
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: '10 seconds',
    shutdownForceTime: '20 seconds',
  });
  const ended = worker.run().catch((error: unknown) => {
    log.error({ err: error }, 'the worker stopped');
    throw error;
  });
  return async () => {
    draining.abort(new Error('the worker shuts down'));
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    await connection.close();
  };
}

/** Runs a worker for activities alone, on a task queue of its own, until the returned function is called. */
export async function startActivityWorker(
  endpoint: TemporalEndpoint,
  taskQueue: string,
  activities: object,
  { log, tracing }: Observed,
): Promise<() => Promise<void>> {
  const connection = await connectWorker(endpoint);
  const { namespace } = endpoint;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    activities,
    ...converterOf(endpoint),
    ...observedBy({ log, tracing }),
    shutdownGraceTime: '10 seconds',
    shutdownForceTime: '20 seconds',
  });
  const ended = worker
    .run()
    .catch((error: unknown) => log.error({ err: error }, 'the worker of tools stopped'));
  return async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
    await connection.close();
  };
}

/** Lines in the log and spans of what a worker does. A workflow may be traced though this worker is not to send spans. */
function observedBy({ log, tracing }: Observed): Required<Pick<WorkerOptions, 'interceptors' | 'sinks'>> {
  const activity = [...(tracing === undefined ? [] : [tracing.activity]), logActivities(log)];
  const sinks = tracing?.sinks ?? { exporter: { export: { fn: () => undefined } } };
  return { interceptors: { activity, ...workflowModules() }, sinks };
}

const BUNDLE = join(__dirname, '..', '..', 'workflow-bundle.js');
const WORKFLOWS = join(__dirname, '..', '..', 'workflows');

/** The bundle made by the build; without one (sources under a test) it is made on the spot. */
function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return existsSync(BUNDLE) ? { workflowBundle: { codePath: BUNDLE } } : { workflowsPath: WORKFLOWS };
}

/** What is bundled with the workflows. */
function workflowModules(): { readonly workflowModules?: string[] } {
  return existsSync(BUNDLE) ? {} : { workflowModules: [join(WORKFLOWS, 'interceptors')] };
}
