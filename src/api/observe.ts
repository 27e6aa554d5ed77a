import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { withLogFields } from '../log-context';
import type { ApiDeps } from './deps';

const CALLERS_REQUEST_ID = /^[\w.-]{1,64}$/;
/** Asked by machines every few seconds. */
const QUIET_PATHS = new Set(['/health', '/live', '/ready', '/metrics']);

/** Whether a path is of those: their requests are no news. */
export function isAskedByMachines(path: string): boolean {
  return QUIET_PATHS.has(path);
}

/** Gives every request an id and safe headers, and when it has ended a line in the log and a sample. */
export function observe({ logger, metrics }: Pick<ApiDeps, 'logger' | 'metrics'>): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now();
    const given = ctx.get('X-Request-Id');
    const requestId = CALLERS_REQUEST_ID.test(given) ? given : randomUUID();
    ctx.state['requestId'] = requestId;
    ctx.set({
      'X-Request-Id': requestId,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Frame-Options': 'DENY',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    });
    const whenClosed = AsyncResource.bind(() => {
      const seconds = (performance.now() - startedAt) / 1_000;
      const route = routeOf(ctx);
      metrics.observeHttp({ method: ctx.method, route, status: ctx.status, seconds });
      logger[isAskedByMachines(ctx.path) ? 'debug' : 'info'](
        {
          request_id: requestId,
          method: ctx.method,
          path: ctx.path,
          route,
          status: ctx.status,
          duration_ms: Math.round(seconds * 1_000),
          aborted: !ctx.res.writableFinished,
        },
        'request',
      );
    });
    ctx.res.once('close', whenClosed);
    await withLogFields({ request_id: requestId }, next);
  };
}

/** The template of the route that answered; one value for everything else. */
function routeOf(ctx: Context): string {
  const route: unknown = ctx.state['route'];
  return typeof route === 'string' ? route : 'unmatched';
}
