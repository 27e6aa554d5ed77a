/** The largest reply of a model endpoint that is read. */
export const MAX_REPLY_BYTES = 4 * 1024 * 1024;

/** A reply larger than `MAX_REPLY_BYTES`; the rest of it was not read. */
export class ReplyTooLarge extends Error {
  constructor() {
    super(`the reply is larger than ${MAX_REPLY_BYTES} bytes`);
    this.name = 'ReplyTooLarge';
  }
}

/**
 * `fetch` for a provider's SDK that reads the whole body before it answers, so that a broken connection shows as a failed
 * call and no endpoint can fill the memory. It follows no redirect: the key is for the configured host alone.
 * @throws {ReplyTooLarge}
 */
export async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  const body: ReadableStream<Uint8Array> | null = response.body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_REPLY_BYTES) throw new ReplyTooLarge();
    chunks.push(chunk);
  }
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(size === 0 ? null : Buffer.concat(chunks, size), { status, statusText, headers });
}
