import { createHash } from 'node:crypto';

/**
 * A UUID made from what identifies the record: the same parts give the same id, on any machine and in any retry.
 * RFC 9562 version 8: the first 122 free bits of the SHA-256 of the parts as a JSON array, so that ('ab', 'c') and
 * ('a', 'bc') differ, and so do 1 and '1'.
 */
export function recordId(...parts: (string | number)[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
