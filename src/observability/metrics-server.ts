import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveHttp, type HttpServer } from '../http-server';
import type { Metrics } from '../ports/metrics';

interface MetricsServerOptions {
  readonly port: number;
  readonly host: string;
  readonly render: Metrics['render'];
  /** What is missing for work to be taken, in words; nothing: ready. */
  readonly missing: () => Promise<readonly string[]>;
}

/**
 * Serves `GET /metrics`, and the probes `/live` and `/ready`, for processes without an API and for scrapers that may not
 * reach it.
 * @throws {ListenError} naming the port when it is in use.
 */
export function startMetricsServer(options: MetricsServerOptions): Promise<HttpServer> {
  return serveHttp((request, response) => void answer(request, response, options), options);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: MetricsServerOptions,
): Promise<void> {
  const path = request.url?.split('?')[0] ?? '';
  const page = pages[path];
  if (page === undefined) return end(response, 404);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return end(response, 405, { Allow: 'GET, HEAD' });
  try {
    const { status, contentType, body } = await page(options);
    end(response, status, { 'Content-Type': contentType }, request.method === 'HEAD' ? undefined : body);
  } catch {
    end(response, 503, { 'Retry-After': '2' });
  }
}

type Page = (
  options: MetricsServerOptions,
) => Promise<{ readonly status: number; readonly contentType: string; readonly body: string }>;

const json = (status: number, value: object) => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});

const pages: Readonly<Record<string, Page>> = {
  '/metrics': async ({ render }) => ({ status: 200, ...(await render()) }),
  '/live': () => Promise.resolve(json(200, { status: 'alive' })),
  '/ready': async ({ missing }) => {
    const absent = await missing();
    return absent.length === 0 ? json(200, { ready: true }) : json(503, { ready: false, missing: absent });
  },
};

function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): void {
  response.writeHead(status, { ...headers, 'X-Content-Type-Options': 'nosniff' }).end(body);
}
