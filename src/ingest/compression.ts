/** How a stream of bytes is compressed, by what it begins with. */
export type Compression = 'gzip' | 'zstd';

const ZSTD_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;
/** How many bytes tell it. */
export const COMPRESSION_BYTES = 4;

export function compressionOf(head: Uint8Array): Compression | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length < COMPRESSION_BYTES) return null;
  const magic = Buffer.from(head.buffer, head.byteOffset, COMPRESSION_BYTES).readUInt32LE();
  return magic === ZSTD_MAGIC || magic >>> 4 === SKIPPABLE_MAGIC ? 'zstd' : null;
}

/** Why bytes that are compressed, or in another encoding of text, are not read as they are; null for all others. */
export function compressionNote(head: Uint8Array): string | null {
  const compression = compressionOf(head);
  if (compression !== null) return `It is compressed with ${compression}.`;
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  return isUtf16 ? 'It is a text in UTF-16; JSON is written in UTF-8.' : null;
}
