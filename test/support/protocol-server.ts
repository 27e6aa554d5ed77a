import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';

/** A way of a server to give no usable answer. */
export type Fault =
  /** An error of the provider; `retryAfter` is the header of that name, in seconds or as a date. */
  | { readonly fault: 'status'; readonly status: number; readonly retryAfter?: string }
  /** Takes the request and never answers. */
  | { readonly fault: 'hang' }
  /** Sends the head and part of the body, and never the rest. */
  | { readonly fault: 'stall' }
  /** 200 with something that is not JSON. */
  | { readonly fault: 'garbage' }
  /** Closes the connection in the middle of the body. */
  | { readonly fault: 'truncated' }
  /** Takes the request, then resets the connection. */
  | { readonly fault: 'reset' }
  /** Exactly this body, called JSON; 200 unless given. */
  | { readonly fault: 'raw'; readonly body: string; readonly status?: number };

/** Answers in order, the last one repeated; or a function of the request and the number of calls before it. */
export type Script<Request, Answer> =
  readonly [Answer, ...Answer[]] | ((request: Request, call: number) => Answer | Promise<Answer>);

interface RecordedRequest<Body> {
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
}

export interface ServerOptions {
  /** Every answer waits so long; 0 answers at once. */
  readonly latencyMs?: number;
  /** What the models endpoint answers; 200 by default. */
  readonly modelsStatus?: number;
}

export interface ProtocolServer<Body> {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Model calls so far; the models endpoint does not count. */
  readonly calls: number;
  /** The newest thousand model calls. */
  readonly requests: readonly RecordedRequest<Body>[];
  close(): Promise<void>;
}

/** What a protocol adds to the machinery of this file. */
export interface Protocol<Body, Answer extends object> {
  /** The path that takes model calls. */
  readonly path: string;
  /** What the provider would take; anything else is answered with 400. */
  readonly request: z.ZodType<Body>;
  readonly errorBody: (status: number, message: string) => object;
  /** Headers and body of a good answer. */
  readonly render: (answer: Answer, request: Body, call: number) => object;
}

const KEPT_REQUESTS = 1_000;

/** Speaks a provider's protocol on a free port of the loopback interface. */
export async function startProtocolServer<Body, Answer extends object>(
  protocol: Protocol<Body, Answer>,
  script: Script<Body, Answer | Fault>,
  options: ServerOptions = {},
): Promise<ProtocolServer<Body>> {
  let calls = 0;
  const requests: RecordedRequest<Body>[] = [];

  async function answerCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parsed = protocol.request.safeParse(JSON.parse(await text(request)));
    if (!parsed.success) return sendJson(response, 400, protocol.errorBody(400, parsed.error.message));
    const body = parsed.data;
    const call = calls++;
    requests.push({ headers: request.headers, body });
    if (requests.length > KEPT_REQUESTS) requests.shift();
    const answer = typeof script === 'function' ? await script(body, call) : answerAt(script, call);
    if (options.latencyMs) await sleep(options.latencyMs);
    if ('fault' in answer) sendFault(answer, protocol, response);
    else sendJson(response, 200, protocol.render(answer, body, call));
  }

  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === protocol.path) {
      answerCall(request, response).catch((error: unknown) =>
        sendJson(response, 500, protocol.errorBody(500, `script failed: ${String(error)}`)),
      );
      return;
    }
    const status = request.url?.startsWith('/v1/models') ? (options.modelsStatus ?? 200) : 404;
    sendJson(response, status, status === 200 ? MODELS : protocol.errorBody(status, `status ${status}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  return {
    origin: `http://127.0.0.1:${address.port}`,
    get calls() {
      return calls;
    },
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const MODELS = { object: 'list', data: [], has_more: false, first_id: null, last_id: null };

function answerAt<Answer>(script: readonly [Answer, ...Answer[]], call: number): Answer {
  return script[Math.min(call, script.length - 1)] ?? script[0];
}

function sendJson(response: ServerResponse, status: number, body: object, headers = {}): void {
  const json = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    ...headers,
  });
  response.end(json);
}

function sendFault(
  fault: Fault,
  { errorBody }: { readonly errorBody: (status: number, message: string) => object },
  response: ServerResponse,
): void {
  switch (fault.fault) {
    case 'status': {
      const { status, retryAfter } = fault;
      const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      return sendJson(response, status, errorBody(status, `status ${status}`), headers);
    }
    case 'hang':
      return;
    case 'stall':
      return sendHalf(response);
    case 'truncated':
      return sendHalf(response, () => response.destroy());
    case 'reset':
      return void response.destroy();
    case 'garbage':
      return sendText(response, '<html>It works!</html>');
    case 'raw':
      return sendText(response, fault.body, fault.status);
  }
}

function sendText(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}

function sendHalf(response: ServerResponse, then?: () => void): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
  response.write('{"id": "half of', then);
}
