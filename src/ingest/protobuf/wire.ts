/** A field of a message as it stands in bytes. */
export interface WireField {
  /** Number and wire type. */
  readonly tag: number;
  /** Where its content starts, and how long it is. */
  readonly start: number;
  readonly length: number;
}

const LENGTH_DELIMITED = 2;
const LONGEST_VARINT = 10;
const FIXED_LENGTHS: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** Bytes that are no protobuf. */
export class BadWire extends Error {
  override readonly name = 'BadWire';
}

/**
 * The field that starts there, whether or not its content is there too; null when the bytes end before its length is known.
 * @throws {BadWire}
 */
export function fieldAt(bytes: Uint8Array, at: number, end: number): WireField | null {
  const tag = varintAt(bytes, at, end);
  if (tag === null) return null;
  const wireType = tag.value % 8;
  if (tag.value < 8 || tag.value > 0xffff_ffff) throw new BadWire('a field has no number');
  const start = tag.next;
  const fixed = FIXED_LENGTHS[wireType];
  if (fixed !== undefined) return { tag: tag.value, start, length: fixed };
  if (wireType === 0) {
    const value = varintAt(bytes, start, end);
    return value === null ? null : { tag: tag.value, start, length: value.next - start };
  }
  if (wireType !== LENGTH_DELIMITED) throw new BadWire(`a field has the wire type ${wireType}`);
  const length = varintAt(bytes, start, end);
  return length === null ? null : { tag: tag.value, start: length.next, length: length.value };
}

/** A number of up to 53 bits, 7 bits a byte. */
function varintAt(
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly value: number; readonly next: number } | null {
  let value = 0;
  let scale = 1;
  for (let next = at; next < end; next++) {
    const byte = bytes[next]!;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return { value, next: next + 1 };
    if (next - at >= LONGEST_VARINT - 1) throw new BadWire('a number is longer than 64 bits');
  }
  return null;
}

/** A field with that tag and content. */
export function encodeField(tag: number, content: Buffer): Buffer {
  const head = [tag];
  let rest = content.length;
  while (rest >= 0x80) {
    head.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  head.push(rest);
  return Buffer.concat([Buffer.from(head), content]);
}
