import cors from '@koa/cors';
import type { Middleware } from 'koa';
import { HttpProblem } from './problem';

/** Refuses what a page of another site makes a browser send: it could start and steer cycles on a developer's machine. */
export function refuseOtherOrigins(allowed: readonly string[]): Middleware {
  return async (ctx, next) => {
    const origin = ctx.get('Origin');
    const changesNothing = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (!changesNothing && origin !== '' && hostOf(origin) !== ctx.host && !allowed.includes(origin)) {
      throw new HttpProblem(
        403,
        'cross_origin',
        `Requests of pages from ${origin.slice(0, 200)} are refused.`,
      );
    }
    await next();
  };
}

/** CORS for exactly these origins; for all others its headers are absent, and browsers keep answers from their pages. */
export function allowOrigins(allowed: readonly string[]): Middleware {
  return cors({
    // An empty answer sets no headers.
    origin: (ctx) => (allowed.includes(ctx.get('Origin')) ? ctx.get('Origin') : ''),
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: ['Location', 'Retry-After', 'ETag', 'X-Request-Id'],
    keepHeadersOnError: true,
  });
}

/** Undefined for an opaque origin. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
