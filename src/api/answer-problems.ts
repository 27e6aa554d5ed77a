import type { Middleware } from 'koa';
import type { ApiDeps } from './deps';
import { isOutage } from './outage';
import { INTERNAL_PROBLEM, toProblem, UNAVAILABLE_PROBLEM } from './problem';

/** Turns everything thrown into problem+json; what is our fault is logged in full under the id that the answer names. */
export function answerProblems({ health, logger }: Pick<ApiDeps, 'health' | 'logger'>): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const problem =
        toProblem(error) ?? ((await isOutage(error, health)) ? UNAVAILABLE_PROBLEM : INTERNAL_PROBLEM);
      const requestId = String(ctx.state['requestId']);
      if (problem.status >= 500) {
        const level = problem.status === 503 ? 'warn' : 'error';
        logger[level]({ err: error, request_id: requestId }, 'request failed');
      }
      ctx.status = problem.status;
      ctx.set({ ...problem.headers });
      ctx.type = 'application/problem+json';
      ctx.body = JSON.stringify({ ...problem.body, request_id: requestId });
    }
  };
}
