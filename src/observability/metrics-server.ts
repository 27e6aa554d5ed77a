import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveHttp, type HttpServer } from '../http-server';
import type { Metrics } from '../ports/metrics';

/**
 * Serves `GET /metrics` and nothing else, for processes without an API and for scrapers that may not reach it.
 * @throws {ListenError} naming the port when it is in use.
 */
export function startMetricsServer(options: {
  readonly port: number;
  readonly host: string;
  readonly render: Metrics['render'];
}): Promise<HttpServer> {
  return serveHttp((request, response) => void answer(request, response, options.render), options);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  render: Metrics['render'],
): Promise<void> {
  const path = request.url?.split('?')[0];
  if (path !== '/metrics') return end(response, 404);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return end(response, 405, { Allow: 'GET, HEAD' });
  try {
    const { contentType, body } = await render();
    end(response, 200, { 'Content-Type': contentType }, request.method === 'HEAD' ? undefined : body);
  } catch {
    end(response, 503, { 'Retry-After': '2' });
  }
}

function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): void {
  response.writeHead(status, { ...headers, 'X-Content-Type-Options': 'nosniff' }).end(body);
}
