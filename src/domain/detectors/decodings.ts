/** What a text says when it is read as an encoding; each character stands for one byte. */
export interface Decoding {
  readonly encoding: 'base64' | 'hex';
  readonly text: string;
  /** For each byte the index in the original at which it begins. */
  readonly origins: readonly number[];
}

/** The digits of an encoding as numbers, -1 where a run of digits ends. */
interface Digits {
  readonly values: readonly number[];
  readonly origins: readonly number[];
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_VALUES = new Map(BASE64.split('').map((digit, value): [string, number] => [digit, value]));
BASE64_VALUES.set('-', 62).set('_', 63);

/** White space, invisible characters and byte prefixes (`0x`, `\x`, `%`) that may stand between the digits of an encoding. */
const INVISIBLE = /[\s\p{Cf}\p{Mn}]/u;
const HEX_SEPARATORS = /0x|\\x|[^0-9a-f]/gi;

/** Every way to read a text as base64 or hex, at every alignment: an encoded passage may begin anywhere in a longer run. */
export function decodings(text: string): readonly Decoding[] {
  const base64 = base64Digits(text);
  const hex = hexDigits(text);
  return [
    ...[0, 1, 2, 3].map((offset) => decode('base64', base64, offset)),
    ...[0, 1].map((offset) => decode('hex', hex, offset)),
  ];
}

function base64Digits(text: string): Digits {
  const values: number[] = [];
  const origins: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (INVISIBLE.test(character)) continue;
    values.push(BASE64_VALUES.get(character) ?? -1);
    origins.push(index);
  }
  return { values, origins };
}

/** Whatever is no hex digit is skipped, so that digits may be spelt with any separator. */
function hexDigits(text: string): Digits {
  const blanked = text.replace(HEX_SEPARATORS, (separator) => ' '.repeat(separator.length));
  const origins = blanked.split('').flatMap((digit, index) => (digit === ' ' ? [] : [index]));
  return { values: origins.map((index) => Number.parseInt(blanked.charAt(index), 16)), origins };
}

/**
 * Reads runs of digits in groups that make whole bytes (4 digits of 6 bits, 2 of 4 bits), with the first `offset`
 * digits of each run left out.
 */
function decode(encoding: Decoding['encoding'], digits: Digits, offset: number): Decoding {
  const bits = encoding === 'base64' ? 6 : 4;
  const characters: string[] = [];
  const origins: number[] = [];
  let heldBits = -offset * bits;
  let held = 0;
  for (const [at, value] of digits.values.entries()) {
    held = ((held << bits) | value) & 0xffff;
    heldBits = value < 0 ? -offset * bits : heldBits + bits;
    if (heldBits < 8) continue;
    heldBits -= 8;
    characters.push(String.fromCharCode((held >> heldBits) & 0xff));
    origins.push(digits.origins[at - 1] ?? 0);
  }
  return { encoding, text: characters.join(''), origins };
}
