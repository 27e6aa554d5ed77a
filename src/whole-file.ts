import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Writes a file whole or not at all, for its owner only; in its place stood what is there now until the last moment. */
export async function writeWholeFile(
  path: string,
  body: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  try {
    await pipeline(body, createWriteStream(unfinished, { mode: 0o600 }), { signal });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
