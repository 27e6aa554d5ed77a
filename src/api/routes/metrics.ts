import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';

/** `GET /metrics`. */
export function metricsRoutes({ metrics }: Pick<ApiDeps, 'metrics'>): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/metrics',
      tag: 'service',
      access: 'viewer',
      summary: 'Metrics in the Prometheus text format.',
      responses: { 200: { description: 'The metrics.', contentType: 'text/plain' } },
      handler: async () => {
        const { contentType, body } = await metrics.render();
        return { status: 200, headers: { 'Content-Type': contentType }, body };
      },
    }),
  ];
}
