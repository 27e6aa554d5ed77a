import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { Router } from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { serveHttp, type HttpServer } from '../http-server';
import { answerProblems } from './answer-problems';
import { createAuthenticator, type Authenticator } from './authenticate';
import { refuseLargeBody } from './body';
import type { ApiDeps } from './deps';
import { observe } from './observe';
import { HttpProblem } from './problem';
import type { Route } from './route';
import { createRoutes } from './routes';
import { allowOrigins, refuseOtherOrigins } from './origins';
import { traceRequests } from './trace-requests';

const DRAIN_EVENT = 'drain';

/** The HTTP API. It listens nowhere yet, and knows its dependencies only as ports. */
export function createApp(deps: ApiDeps): Koa {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const app = new Koa();
  app.once(DRAIN_EVENT, () => stopping.abort());
  app.on('error', (error: unknown) => deps.logger.debug({ err: error }, 'response not delivered'));

  const { keys, corsOrigins } = deps.access;
  const authenticator = createAuthenticator(keys, deps.access);
  const router = new Router();
  for (const route of createRoutes(deps, stopping.signal)) {
    router.register(route.path, [route.method], answer(route, authenticator, stopping.signal));
  }
  app.use(traceRequests());
  app.use(observe(deps));
  app.use(answerProblems(deps));
  app.use(closeConnectionsOnce(stopping.signal));
  app.use(allowOrigins(corsOrigins));
  app.use(refuseOtherOrigins(corsOrigins));
  app.use(router.routes());
  app.use((ctx) => {
    refuseLargeBody(ctx);
    refuseUnmatched(ctx.path, router);
  });
  return app;
}

/**
 * Serves an app of `createApp`. Closing ends event streams and waiting requests first, then idle connections.
 * @throws {ListenError} naming the port when it is in use.
 */
export function listen(
  app: Koa,
  address: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const handle = app.callback();
  return serveHttp(
    (request, response) => void handle(request, response),
    address,
    () => app.emit(DRAIN_EVENT),
  );
}

function answer(route: Route, authenticator: Authenticator, stopping: AbortSignal): Middleware {
  return async (ctx) => {
    ctx.state['route'] = route.path;
    refuseLargeBody(ctx, route.upload?.maxBytes);
    const principal = await authenticator.principalOf(ctx, route.access);
    const lifetime = lifetimeOf(ctx, stopping);
    const { status, headers = {}, body } = await route.handle(ctx, lifetime.signal, principal);
    if (body instanceof Readable) authenticator.endWithKey(ctx, lifetime);
    ctx.status = status;
    ctx.set({ ...headers });
    if (body !== undefined) ctx.body = body;
  };
}

/** Aborted when the client is gone, the answer is out, or the server stops. */
function lifetimeOf(ctx: Context, stopping: AbortSignal): AbortController {
  const lifetime = new AbortController();
  const end = () => lifetime.abort();
  ctx.res.once('close', end);
  stopping.addEventListener('abort', end, { once: true, signal: lifetime.signal });
  if (stopping.aborted) end();
  return lifetime;
}

function closeConnectionsOnce(stopping: AbortSignal): Middleware {
  return async (ctx, next) => {
    if (stopping.aborted) ctx.set('Connection', 'close');
    await next();
  };
}

/** A known path with another method is 405, anything else 404. */
function refuseUnmatched(path: string, router: Router): never {
  const allowed = new Set(router.match(path, '').path.flatMap((layer) => layer.methods));
  if (allowed.size === 0) throw new HttpProblem(404, 'not_found', `There is nothing at ${path}.`);
  const list = [...allowed].join(', ');
  throw new HttpProblem(405, 'method_not_allowed', `${path} takes ${list}.`, {
    headers: { Allow: list },
  });
}
