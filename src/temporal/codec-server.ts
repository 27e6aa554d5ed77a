import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Payload } from '@temporalio/common';
import { serveHttp, type HttpServer } from '../http-server';
import type { EncryptionCodec } from './payload-codec';

const MAX_BODY_BYTES = 16_777_216;

/** Payloads as the remote codec protocol of Temporal has them: bytes in base64. */
const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const Body = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() }))
    .max(10_000),
});

/**
 * Serves Temporal's remote codec protocol (`POST /decode`, `POST /encode`), for the Web UI and `temporal
 * --codec-endpoint`. Whoever reaches it can read payloads: on loopback only, and from pages of `origin` only.
 * @throws {ListenError} when the port is in use.
 */
export function serveCodec(
  codec: EncryptionCodec,
  options: { readonly port: number; readonly origin: string },
): Promise<HttpServer> {
  return serveHttp(
    (request, response) => {
      answer(codec, options.origin, request, response).catch((error: unknown) => {
        send(response, 400, { message: error instanceof Error ? error.message.slice(0, 500) : 'unusable' });
      });
    },
    { host: '127.0.0.1', port: options.port },
  );
}

async function answer(
  codec: EncryptionCodec,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Headers', 'content-type,x-namespace,authorization');
  response.setHeader('Access-Control-Allow-Methods', 'POST');
  response.setHeader('Vary', 'Origin');
  if (request.method === 'OPTIONS') return send(response, 204);
  const verb = /^\/(?:[^/]+\/)?(encode|decode)$/.exec(request.url?.split('?')[0] ?? '')?.[1];
  if (request.method !== 'POST' || verb === undefined) return send(response, 404, { message: 'not here' });
  if (!isAllowed(request, origin)) return send(response, 403, { message: 'another origin' });
  const { payloads } = Body.parse(JSON.parse(await read(request)));
  const given: Payload[] = payloads.map(({ metadata, data }) => ({
    ...(metadata === undefined ? {} : { metadata }),
    ...(data === undefined ? {} : { data }),
  }));
  const coded = await (verb === 'encode' ? codec.encode(given) : codec.decode(given));
  return send(response, 200, { payloads: coded.map(toJson) });
}

/** A program sends no origin; a page sends its own. A rebound name would show in the host. */
function isAllowed({ headers }: IncomingMessage, origin: string): boolean {
  const host = headers.host?.replace(/:\d+$/, '');
  const local = host === '127.0.0.1' || host === 'localhost';
  return local && (headers.origin === undefined || headers.origin === origin);
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function toJson({ metadata, data }: Payload): object {
  const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64');
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]),
    ),
    ...(data === undefined || data === null ? {} : { data: base64(data) }),
  };
}

function send(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
