import { Readable } from 'node:stream';
import { types } from 'node:util';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { compressionOf, COMPRESSION_BYTES } from './compression';
import { ZstdFrames } from './zstd-frames';

/** A compressed stream that cannot be decompressed, from where on it cannot. */
export class BadCompression extends Error {
  override readonly name = 'BadCompression';
}

/** Little enough that what it can grow to fits into memory: a block of zstd is 4 bytes at least and 128 KiB at most. */
const ZSTD_PIECE_BYTES = 512;

/** The bytes of a stream, decompressed when it begins as gzip or zstd does.
 * @throws {BadCompression} */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const { head, done } = await readHead(chunks);
  const whole = withHead(head, done ? null : chunks);
  const compression = compressionOf(head);
  if (compression === 'gzip') yield* gunzipped(whole);
  else if (compression === 'zstd') yield* unzstd(whole);
  else yield* whole;
}

async function readHead(
  chunks: AsyncIterator<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly done: boolean }> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < COMPRESSION_BYTES) {
    const next = await chunks.next();
    if (next.done === true) return { head, done: true };
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return { head, done: false };
}

async function* withHead(
  head: Uint8Array,
  chunks: AsyncIterator<Uint8Array> | null,
): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    for (;;) {
      const next = await chunks?.next();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks?.return?.();
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source);
  const gunzip = createGunzip();
  input.once('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of input.pipe(gunzip)) if (chunk instanceof Uint8Array) yield chunk;
  } catch (error) {
    throw isZlibError(error) ? new BadCompression(`The gzip stream is broken: ${error.message}.`) : error;
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

function isZlibError(error: unknown): error is Error {
  return types.isNativeError(error) && 'code' in error && String(error.code).startsWith('Z_');
}

async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames();
  const blocks: Uint8Array[] = [];
  // What the decoder hands out it may write over later.
  const decoder = new Decompress((block) => void blocks.push(Buffer.from(block)));
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length; from += ZSTD_PIECE_BYTES) {
      const piece = chunk.subarray(from, from + ZSTD_PIECE_BYTES);
      decode(() => {
        frames.accept(piece);
        decoder.push(Buffer.from(piece));
      });
      yield* blocks.splice(0);
    }
  }
  if (!frames.isWhole) throw new BadCompression('The zstd stream ends before it is complete.');
}

function decode(step: () => void): void {
  try {
    step();
  } catch (error) {
    // The decoder throws plain errors, and range errors of typed arrays, for bytes that it cannot decode.
    throw types.isNativeError(error)
      ? new BadCompression(`The zstd stream is broken: ${error.message}`)
      : error;
  }
}
