import { createServer } from 'node:net';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { LogEntry, RuntimeOptions } from '@temporalio/worker';
import { IllegalStateError, SdkComponent } from '@temporalio/common';
import type { Logger } from '../ports/logger';

/**
 * Sets up the SDK's native part for a process that exports metrics: it has an exporter of its own, which listens on a
 * free loopback port and is read by our page. Returns the address of that page.
 */
export async function exportCoreMetrics(log: Logger): Promise<string> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  const prometheus = {
    bindAddress,
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
  };
  Runtime.install({ ...plainOptions(log), telemetryOptions: { metrics: { prometheus } } });
  return `http://${bindAddress}/metrics`;
}

/** Sets up the SDK's native part for a program that is not ours; one that it has set up itself is let be. */
export function prepareRuntime(log: Logger): void {
  try {
    Runtime.install(plainOptions(log));
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

/** Signals are handled by who owns the process. */
function plainOptions(log: Logger): RuntimeOptions {
  return { logger: new DefaultLogger('INFO', (entry) => write(log, entry)), shutdownSignals: [] };
}

/** The SDK's names of what a line is about, as ours. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  workflowId: 'workflow_id',
  runId: 'run_id',
  workflowType: 'workflow',
  activityType: 'activity',
  activityId: 'activity_id',
  approvalId: 'approval_id',
  taskQueue: 'task_queue',
  durationMs: 'duration_ms',
  error: 'err',
};

/**
 * Lines of workflows are ours: the SDK hands them over once each, none while it replays. What the SDK itself has to say is
 * for people only from a warning on.
 */
function write(log: Logger, { level, message, meta }: LogEntry): void {
  const { sdkComponent, ...about } = meta ?? {};
  const fromWorkflow = sdkComponent === SdkComponent.workflow;
  const fields = Object.entries(about).map(([name, value]) => [FIELD_NAMES[name] ?? name, value] as const);
  const line = { component: fromWorkflow ? 'workflow' : 'temporal', ...Object.fromEntries(fields) };
  if (level === 'ERROR') log.error(line, message);
  else if (level === 'WARN') log.warn(line, message);
  else log[fromWorkflow ? 'info' : 'debug'](line, message);
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
