import type { HttpServer } from '../http-server';
import { startMetricsServer as serve } from '../observability/metrics-server';
import type { Metrics } from '../ports/metrics';

/**
 * Serves the metrics of a Tinman to Prometheus at `/metrics`: port 9090 on loopback unless `options` say otherwise, 0
 * for a free port. Whoever starts it closes it.
 * @throws an error naming the port when it is in use.
 */
export function startMetricsServer(
  tinman: { readonly metrics: Pick<Metrics, 'render'> },
  options: { readonly port?: number; readonly host?: string } = {},
): Promise<HttpServer> {
  const { port = 9_090, host = '127.0.0.1' } = options;
  return serve({ port, host, render: () => tinman.metrics.render(), missing: () => Promise.resolve([]) });
}
