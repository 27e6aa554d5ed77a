import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Middleware } from 'koa';
import { isAskedByMachines } from './observe';

/** Where traces come in: spans of these requests would be sent, and be requests again. */
const TRACES_IN = '/v1/traces';

/** A span for every request, within the trace that its `traceparent` names; nothing where tracing is off. */
export function traceRequests(): Middleware {
  const tracer = trace.getTracer('tinman');
  return async (ctx, next) => {
    if (isAskedByMachines(ctx.path) || ctx.path === TRACES_IN) {
      await next();
      return;
    }
    const caller = propagation.extract(context.active(), ctx.headers);
    const attributes = {
      'http.request.method': ctx.method,
      'url.path': ctx.path,
      'url.scheme': ctx.protocol,
    };
    const options = { kind: SpanKind.SERVER, attributes };
    await tracer.startActiveSpan(ctx.method, options, caller, async (span) => {
      try {
        await next();
      } finally {
        const route = routeOf(ctx);
        if (route !== undefined) span.updateName(`${ctx.method} ${route}`).setAttribute('http.route', route);
        span.setAttribute('http.response.status_code', ctx.status);
        if (ctx.status >= 500) {
          span.setAttribute('error.type', String(ctx.status)).setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      }
    });
  };
}

/** The template of the route that answered. */
function routeOf(ctx: Context): string | undefined {
  const route: unknown = ctx.state['route'];
  return typeof route === 'string' ? route : undefined;
}
