import { createServer } from 'node:net';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { RuntimeOptions } from '@temporalio/worker';
import { IllegalStateError } from '@temporalio/common';
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
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    const write = level === 'ERROR' ? log.error : log.warn;
    write.call(log, { component: 'temporal', ...meta }, message);
  });
  return { logger, shutdownSignals: [] };
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
