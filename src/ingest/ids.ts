import { createHash } from 'node:crypto';
import { BadSpan, integerOf, isMissing, isRecord } from './fields';
import { isText, longNumber } from './json/lossless';

/** An id in hexadecimal, and as the source wrote it where that is something else. */
export interface Id {
  readonly hex: string;
  readonly original: string | null;
}

const HEX = { 16: /^[0-9a-f]{16}$/, 32: /^[0-9a-f]{32}$/ } as const;
const HEX_ANY_CASE = { 16: /^[0-9a-f]{16}$/i, 32: /^[0-9a-f]{32}$/i } as const;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export type HexDigits = 16 | 32;

/** An id of OpenTelemetry: hexadecimal, base64, or bytes. Null when it is missing, empty, or all zeros, which means none.
 * @throws {BadSpan} */
export function otelId(value: unknown, digits: HexDigits, name: string): Id | null {
  if (isMissing(value) || value === '' || isNoBytes(value)) return null;
  const id = typeof value === 'string' ? fromOtelText(value, digits) : fromBytes(value, digits);
  if (id === null) throw new BadSpan(`${name} is not an id of ${digits / 2} bytes.`);
  return isZero(id.hex) ? null : id;
}

function fromOtelText(text: string, digits: HexDigits): Id | null {
  if (HEX[digits].test(text)) return { hex: text, original: null };
  if (HEX_ANY_CASE[digits].test(text)) return { hex: text.toLowerCase(), original: text };
  const bytes = BASE64.test(text) ? Buffer.from(text, 'base64') : null;
  return bytes?.length === digits / 2 ? { hex: bytes.toString('hex'), original: text } : null;
}

/** What protobuf.js has for bytes that were not sent. */
function isNoBytes(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function fromBytes(value: unknown, digits: HexDigits): Id | null {
  const bytes = bytesOf(value);
  return bytes === null || (bytes.length !== digits / 2 && bytes.length > 0)
    ? null
    : { hex: bytes.toString('hex'), original: null };
}

/** Bytes, also in the form that Node.js gives them in JSON. */
function bytesOf(value: unknown): Buffer | null {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (!isRecord(value) || value.type !== 'Buffer' || !Array.isArray(value.data)) return null;
  return Buffer.from(value.data.map(Number));
}

/**
 * An id of any system: hexadecimal of that many digits as it is, shorter hexadecimal with zeros before it, a UUID without its
 * dashes, and everything else by the first bytes of its SHA-256. Null when it is missing or empty.
 * @throws {BadSpan} when it is no text and no exact number.
 */
export function anyId(value: unknown, digits: HexDigits, name: string): Id | null {
  if (isMissing(value) || value === '') return null;
  if (!isText(value)) return fromDecimal(value, digits, name);
  if (HEX[digits].test(value)) return { hex: value, original: null };
  if (HEX_ANY_CASE[digits].test(value)) return { hex: value.toLowerCase(), original: value };
  return { hex: fromText(value, digits), original: value };
}

const SHORT_HEX = /^(?:0x)?([0-9a-f]{1,32})$/i;

function fromText(text: string, digits: HexDigits): string {
  if (digits === 32 && UUID.test(text)) return text.replaceAll('-', '').toLowerCase();
  const short = SHORT_HEX.exec(text)?.[1]?.toLowerCase();
  // Short decimal ids are texts like any other: padding would make them another number.
  if (
    short !== undefined &&
    short.length <= digits &&
    (text.startsWith('0x') || short.length >= digits / 2)
  ) {
    return short.padStart(digits, '0');
  }
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

function fromDecimal(value: unknown, digits: HexDigits, name: string): Id {
  const integer = integerOf(value);
  const hex = integer === null || integer < 0n ? null : integer.toString(16);
  if (hex === null || hex.length > digits) throw new BadSpan(`${name} is not an id.`);
  return { hex: hex.padStart(digits, '0'), original: longNumber(value) ?? String(integer) };
}

function isZero(hex: string): boolean {
  return hex === '' || (hex.endsWith('0') && /^0+$/.test(hex));
}
