import { randomBytes } from 'node:crypto';

/**
 * A double holds every number of up to 15 significant digits. Longer tokens reach JSON.parse as strings behind this mark,
 * and the fields that they belong to read them from their text. It is drawn anew in each process, so that no document can
 * contain it.
 */
const MARK = `\u007f${randomBytes(9).toString('base64url')}`;
const MARK_CODE = 0x7f;
const OPENING = Buffer.from(`"${MARK}`);
const LONG_TOKEN = 16;
/** Longer integers are nobody's numbers; they stay texts, so that no document makes us compute with a million digits. */
const LONGEST_INTEGER = 40;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const INTEGER = /^-?\d+$/;

/** What a byte of JSON outside of strings starts: 0 nothing that matters here, 1 a string, 2 a number. */
const STARTS = new Uint8Array(256);
const IN_NUMBER = new Uint8Array(256);
STARTS[QUOTE] = 1;
for (const byte of Buffer.from('-0123456789')) STARTS[byte] = 2;
for (const byte of Buffer.from('+-.0123456789eE')) IN_NUMBER[byte] = 1;

/**
 * Parses JSON without rounding: numbers of 16 characters and more come as marked strings, to be read by
 * {@link longNumber}, {@link integerOf} or `attributeOf`.
 * @throws {SyntaxError}
 */
export function parseJson(bytes: Buffer): unknown {
  const found = longNumbersIn(bytes);
  try {
    return JSON.parse((found.length === 0 ? bytes : marked(bytes, found)).toString());
  } catch (error) {
    throw error instanceof SyntaxError ? new SyntaxError(withoutMarks(error.message)) : error;
  }
}

/** What is wrong, without where: positions would be those in the marked text. */
function withoutMarks(message: string): string {
  return message.replaceAll(MARK, '').replace(/ at position \d+.*$/s, '');
}

/** The text of a number that is too long for a double; null for every other value. */
export function longNumber(value: unknown): string | null {
  return isMarked(value) ? value.slice(MARK.length) : null;
}

/** Whether a parsed value is a text of the document, and not a marked number. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && !isMarked(value);
}

/** A number of JSON with all its digits: integers beyond 2^53 as bigint, integers beyond any number's size as their text. */
export function exactNumber(text: string): number | bigint | string {
  const number = Number(text);
  if (Number.isSafeInteger(number) || !INTEGER.test(text)) return number;
  return text.length > LONGEST_INTEGER ? text : BigInt(text);
}

function isMarked(value: unknown): value is string {
  return typeof value === 'string' && value.charCodeAt(0) === MARK_CODE && value.startsWith(MARK);
}

/** Start and end of every number token of 16 bytes and more, one after the other. */
function longNumbersIn(bytes: Buffer): number[] {
  const found: number[] = [];
  const length = bytes.length;
  let at = 0;
  while (at < length) {
    const starts = STARTS[bytes[at]!]!;
    if (starts === 0) at++;
    else if (starts === 1) at = endOfString(bytes, at + 1);
    else {
      const start = at;
      do at++;
      while (IN_NUMBER[bytes[at]!] === 1);
      if (at - start >= LONG_TOKEN) found.push(start, at);
    }
  }
  return found;
}

function endOfString(bytes: Buffer, start: number): number {
  const length = bytes.length;
  let at = start;
  while (at < length) {
    const byte = bytes[at++];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return at;
}

/** From here on a call costs less than a loop. */
const SHORT_PIECE = 64;

function marked(bytes: Buffer, found: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(bytes.length + (found.length / 2) * (OPENING.length + 1));
  let from = 0;
  let to = 0;
  for (let index = 0; index < found.length; index += 2) {
    const start = found[index]!;
    const end = found[index + 1]!;
    if (start - from < SHORT_PIECE) while (from < start) out[to++] = bytes[from++]!;
    else {
      to += bytes.copy(out, to, from, start);
      from = start;
    }
    for (let at = 0; at < OPENING.length;) out[to++] = OPENING[at++]!;
    while (from < end) out[to++] = bytes[from++]!;
    out[to++] = QUOTE;
  }
  to += bytes.copy(out, to, from);
  return out.subarray(0, to);
}
