import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import type { Logger } from '../ports/logger';
import { connectWorker, converterOf } from './connection';
import type { TemporalEndpoint } from './connection';

/** Workflows kept in memory: about 0.4 MB each (measured), so some 200 MB at most. */
const CACHED_WORKFLOWS = 500;

/**
 * Runs a worker until the returned function is called, which lets activities under way end. The activities are given a
 * signal of that moment, so that long ones begin nothing new: they go on where the next worker runs.
 */
export async function startWorker(
  endpoint: TemporalEndpoint,
  activities: (draining: AbortSignal) => object,
  log: Logger,
): Promise<() => Promise<void>> {
  const connection = await connectWorker(endpoint);
  const draining = new AbortController();
  const worker = await createWorker(endpoint, connection, activities(draining.signal));
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
  log: Logger,
): Promise<() => Promise<void>> {
  const connection = await connectWorker(endpoint);
  const { namespace } = endpoint;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    activities,
    ...converterOf(endpoint),
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

/** A worker for all our workflows and activities on one task queue. */
function createWorker(
  endpoint: TemporalEndpoint,
  connection: NativeConnection,
  activities: object,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: endpoint.namespace,
    taskQueue: endpoint.taskQueue,
    activities,
    ...converterOf(endpoint),
    ...workflowCode(),
    maxCachedWorkflows: CACHED_WORKFLOWS,
    stickyQueueScheduleToStartTimeout: '2 seconds',
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: '10 seconds',
    shutdownForceTime: '20 seconds',
  });
}

/** The bundle made by the build; without one (sources under a test) it is made on the spot. */
function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = join(__dirname, '..', '..', 'workflow-bundle.js');
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  return { workflowsPath: join(__dirname, '..', '..', 'workflows') };
}
