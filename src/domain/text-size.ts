const encoder = new TextEncoder();

/** Size of a text in UTF-8, in bytes: an upper bound of its tokens, since a token is at least one byte. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

/** The beginning of a text that takes at most so many bytes in UTF-8; characters stay whole. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
