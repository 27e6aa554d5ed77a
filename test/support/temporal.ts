import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary } from '../../src/embedded/temporal-binary';
import { SEARCH_ATTRIBUTES } from '../../src/temporal/search-attributes';
import { workflowBundle } from './workflow-bundle';

/** A Temporal server for a test file, with our workflows ready to run. */
export interface TemporalHarness {
  readonly env: TestWorkflowEnvironment;
  /** The task queue of the workers made here. */
  readonly taskQueue: string;
  /** Makes a worker for our workflows with these activities; the caller runs and ends it. */
  createWorker(activities: object, options?: Partial<WorkerOptions>): Promise<Worker>;
  /** Runs a worker with these activities for as long as `work` takes. */
  withActivities<T>(activities: object, work: () => Promise<T>, options?: Partial<WorkerOptions>): Promise<T>;
  stop(): Promise<void>;
}

const TASK_QUEUE = 'test';

/** The server whose clock jumps over waits: for timers of hours and months. Not to be shared by tests that run at once. */
export async function startTimeSkipping(): Promise<TemporalHarness> {
  const { path } = await resolveTemporalBinary(TEMPORAL_TEST_SERVER, { env: process.env });
  quietRuntime();
  const executable = { type: 'existing-path', path } as const;
  return harness(await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } }));
}

/** The real dev server, in memory, with the real clock; `extraArgs` are for its command line. */
export async function startDevServer(extraArgs: string[] = []): Promise<TemporalHarness> {
  const { path } = await resolveTemporalBinary(TEMPORAL_CLI, { env: process.env });
  quietRuntime();
  const executable = { type: 'existing-path', path } as const;
  return harness(
    await TestWorkflowEnvironment.createLocal({
      server: { executable, ip: '127.0.0.1', log: { format: 'pretty', level: 'error' }, extraArgs },
    }),
  );
}

function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  } catch {
    // Another harness of this test file has installed it.
  }
}

async function harness(env: TestWorkflowEnvironment): Promise<TemporalHarness> {
  // Added, not looked up first: the time-skipping server cannot list them.
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.client.options.namespace,
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  const bundle = await workflowBundle();
  const createWorker: TemporalHarness['createWorker'] = (activities, options = {}) =>
    Worker.create({
      connection: env.nativeConnection,
      ...(env.namespace === undefined ? {} : { namespace: env.namespace }),
      taskQueue: TASK_QUEUE,
      activities,
      workflowBundle: bundle,
      stickyQueueScheduleToStartTimeout: '2 seconds',
      ...options,
    });
  return {
    env,
    taskQueue: TASK_QUEUE,
    createWorker,
    withActivities: async (activities, work, options) => {
      const worker = await createWorker(activities, options);
      return worker.runUntil(work);
    },
    stop: () => env.teardown(),
  };
}
