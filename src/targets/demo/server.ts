import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { serveHttp } from '../../http-server';
import { CallError } from '../../ports/call-error';
import type { Target } from '../../ports/target';
import { createDemoTarget, DEMO_MODEL } from './demo-target';
import type { FaultChoice } from './faults';
import { chunksOf, CompletionBody, completionOf, requestOf } from './wire';

interface DemoServerOptions {
  /** Loopback unless given. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The default ones unless given. */
  readonly faults?: FaultChoice;
  /** Waits so long before each answer, as a model would; 0 unless given. */
  readonly latencyMs?: number;
}

export interface DemoServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_024 * 1_024;

/** An answer in the error form of the OpenAI API. */
class WireError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
    this.name = 'WireError';
  }
}

/**
 * Serves the demo application as an OpenAI-compatible endpoint: `POST /v1/chat/completions`, `GET /v1/models`.
 * @throws {DomainError} `invalid_configuration` for an unknown fault or a share beyond 0–1.
 * @throws {ListenError} when the port is in use or may not be taken.
 */
export async function serveDemoTarget(options: DemoServerOptions): Promise<DemoServer> {
  const { host = '127.0.0.1', port, faults, latencyMs = 0 } = options;
  const target = createDemoTarget(faults === undefined ? {} : { faults });
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response, target, latencyMs).catch((error: unknown) => refuse(response, error));
  };
  return serveHttp(listener, { host, port });
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  latencyMs: number,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path === '/v1/models' && request.method === 'GET') {
    const model = { id: DEMO_MODEL, object: 'model', created: 0, owned_by: 'tinman' };
    send(response, 200, { object: 'list', data: [model] });
    return;
  }
  if (path !== '/v1/chat/completions') throw new WireError(404, `there is nothing at ${path}`);
  if (request.method !== 'POST') throw new WireError(405, 'use POST');
  const body = parse(await read(request));
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  await pause(latencyMs, undefined, { signal: gone.signal });
  const reply = await target.chat(requestOf(body), gone.signal);
  const stamp = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1_000) };
  if (body.stream !== true) {
    send(response, 200, completionOf(reply, stamp));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const chunks = chunksOf(reply, stamp, body.stream_options?.include_usage === true);
  response.end(
    [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join(''),
  );
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size <= MAX_BODY_BYTES) pieces.push(piece);
  }
  if (size > MAX_BODY_BYTES) throw new WireError(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
  return Buffer.concat(pieces).toString('utf8');
}

function parse(text: string): CompletionBody {
  const parsed = CompletionBody.safeParse(json(text));
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map(String).join('.') ?? null;
  throw new WireError(400, z.prettifyError(parsed.error), path);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WireError(400, 'the body is not valid JSON');
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) return;
  if (error instanceof CallError && error.kind === 'rate_limited') {
    const { retryAfterMs = 0 } = error.options;
    const type = 'rate_limit_error';
    const body = { error: { message: error.message, type, param: null, code: 'rate_limit_exceeded' } };
    const retryAfter = `${Math.ceil(retryAfterMs / 1_000)}`;
    send(response, 429, body, { 'retry-after': retryAfter, 'retry-after-ms': `${retryAfterMs}` });
    return;
  }
  const status = error instanceof WireError ? error.status : 500;
  const message = error instanceof WireError ? error.message : 'internal error';
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  send(response, status, {
    error: { message, type, param: error instanceof WireError ? error.param : null, code: null },
  });
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
