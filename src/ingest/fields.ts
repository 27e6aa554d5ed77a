import { isText, longNumber } from './json/lossless';

/** A span that is not read, and why. */
export class BadSpan extends Error {
  override readonly name = 'BadSpan';
}

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first of these members that is not missing. */
export function firstOf(record: JsonRecord, names: readonly string[]): unknown {
  for (const name of names) {
    const value = record[name];
    if (!isMissing(value)) return value;
  }
  return undefined;
}

/** Whether it is absent; null is as good as absent in all formats. */
export function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** @throws {BadSpan} when it is neither a text nor missing. */
export function textOr(value: unknown, otherwise: string, name: string): string {
  if (isText(value)) return value;
  if (isMissing(value)) return otherwise;
  throw new BadSpan(`${name} is not a text.`);
}

/** @throws {BadSpan} when it is neither an array nor missing. */
export function listOr(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isMissing(value)) return [];
  throw new BadSpan(`${name} is not an array.`);
}

const INTEGER = /^-?\d{1,39}$/;
const INT64_MAX = 9_223_372_036_854_775_807n;

/**
 * An integer with all its digits: a number, a text of digits, or the two halves that protobuf.js makes of 64 bits. Null for
 * everything else, and for a number that has lost digits already.
 */
export function integerOf(value: unknown): bigint | null {
  if (typeof value === 'string') {
    const text = longNumber(value) ?? value;
    return INTEGER.test(text) ? BigInt(text) : null;
  }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : null;
  if (typeof value === 'bigint') return value;
  return isHalves(value) ? fromHalves(value) : null;
}

/** As a number where that is exact, as attributes hold integers. */
export function smallest(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

interface Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned?: boolean;
}

function isHalves(value: unknown): value is Halves {
  return isRecord(value) && Number.isInteger(value.low) && Number.isInteger(value.high);
}

function fromHalves({ low, high, unsigned }: Halves): bigint {
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return unsigned === true ? bits : BigInt.asIntN(64, bits);
}

/** Nanoseconds since 1970 from an integer; null where there is none, or 0, which stands for none in every format.
 * @throws {BadSpan} */
export function nanosOr(value: unknown, name: string): bigint | null {
  if (isMissing(value)) return null;
  const nanos = integerOf(value);
  if (nanos === null || nanos < 0n || nanos > INT64_MAX)
    throw new BadSpan(`${name} is not a time in nanoseconds.`);
  return nanos === 0n ? null : nanos;
}

/** A start in nanoseconds; 0 where the source says so, for that is what it says.
 * @throws {BadSpan} when it is missing, or no time. */
export function startNanos(value: unknown): bigint {
  const start = nanosOr(value, 'The start') ?? (value === 0 || value === '0' ? 0n : null);
  if (start === null) throw new BadSpan('It has no start.');
  return start;
}
