import type { Middleware } from 'koa';
import { HttpProblem } from './problem';

/** Refuses what a page of another site makes a browser send: it could start and steer cycles on a developer's machine. */
export function refuseOtherOrigins(): Middleware {
  return async (ctx, next) => {
    const origin = ctx.get('Origin');
    const changesNothing = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (!changesNothing && origin !== '' && hostOf(origin) !== ctx.host) {
      throw new HttpProblem(
        403,
        'cross_origin',
        `Requests of pages from ${origin.slice(0, 200)} are refused.`,
      );
    }
    await next();
  };
}

/** Undefined for an opaque origin. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
