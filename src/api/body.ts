import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import { HttpProblem } from './problem';

/** The largest request body, in bytes, after decompression. */
const MAX_BODY_BYTES = 1_048_576;

const parseJson = bodyParser({
  enableTypes: ['json'],
  jsonLimit: MAX_BODY_BYTES,
  jsonStrict: false,
  onError: (error) => {
    throw toHttpProblem(error);
  },
});

/**
 * The body as JSON; no body is an empty object.
 * @throws {HttpProblem} 400 malformed, 413 too large, 415 not JSON or an unknown compression.
 */
export async function readBody(ctx: Context): Promise<unknown> {
  if (!announcesBody(ctx)) return {};
  if (ctx.is('application/json') !== 'application/json') {
    throw new HttpProblem(415, 'unsupported_media_type', 'The body must be application/json.', {
      headers: { Accept: 'application/json' },
    });
  }
  await parseJson(ctx, () => Promise.resolve());
  return ctx.request.rawBody === '' ? {} : ctx.request.body;
}

/** Refuses a body that is announced to be too large, whether or not it is read. */
export function refuseLargeBody(ctx: Context, maxBytes = MAX_BODY_BYTES): void {
  if (Number(ctx.get('Content-Length')) > maxBytes) throw tooLarge(maxBytes);
}

/**
 * The body as it comes.
 * @throws {HttpProblem} 413 while it is read, once it is too large.
 */
export async function* boundedBody(ctx: Context, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of ctx.req) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

function announcesBody(ctx: Context): boolean {
  return ctx.get('Transfer-Encoding') !== '' || Number(ctx.get('Content-Length')) > 0;
}

function toHttpProblem(error: Error & { readonly status?: number }): HttpProblem {
  if (error.status === 413) return tooLarge(MAX_BODY_BYTES);
  if (error.status === 415) {
    return new HttpProblem(415, 'unsupported_media_type', 'The body has an unknown Content-Encoding.');
  }
  return new HttpProblem(400, 'malformed_json', error.message.slice(0, 200));
}

/** What is left of the body is not read, so the connection cannot be used again. */
function tooLarge(maxBytes: number): HttpProblem {
  return new HttpProblem(413, 'body_too_large', `The body may have at most ${maxBytes} bytes.`, {
    headers: { Connection: 'close' },
  });
}
