import { BadSpan, integerOf, isMissing } from './fields';
import { isText, longNumber } from './json/lossless';

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?$/i;
const DECIMAL = /^(\d{1,20})(?:\.(\d{1,30}))?(?:e\+?(\d{1,2}))?$/i;
const NANOS_PER_MS = 1_000_000n;

/** Powers of ten from a unit to nanoseconds. */
const UNITS = { s: 9, ms: 6, us: 3, ns: 0 } as const;
export type TimeUnit = keyof typeof UNITS;

/**
 * Which unit a number of time since 1970 is in, by its size: below 10^11 seconds, below 10^14 milliseconds, below 10^17
 * microseconds, else nanoseconds. Each means the years 1973 to 5138, apart from seconds, which also mean those before.
 */
export function unitOf(epoch: number): TimeUnit {
  if (epoch < 1e11) return 's';
  if (epoch < 1e14) return 'ms';
  return epoch < 1e17 ? 'us' : 'ns';
}

/**
 * Nanoseconds since 1970 from ISO 8601, where no zone means UTC, or from a number, also as a text, in the unit given or that
 * of its size. Null when it is missing.
 * @throws {BadSpan}
 */
export function timeOf(value: unknown, name: string, unit?: TimeUnit): bigint | null {
  if (isMissing(value) || value === '') return null;
  const text = longNumber(value) ?? (typeof value === 'number' ? String(value) : value);
  if (isText(text)) {
    const nanos = isoNanos(text) ?? decimalNanos(text, unit ?? unitOf(Number(text)));
    if (nanos !== null) return nanos;
  }
  throw new BadSpan(`${name} is not a time.`);
}

/** Nanoseconds from a decimal number of units, with all its digits; null when it is none. */
function decimalNanos(text: string, unit: TimeUnit): bigint | null {
  const found = DECIMAL.exec(text);
  if (found === null) return null;
  const [, whole = '', fraction = '', exponent = '0'] = found;
  const shift = UNITS[unit] + Number(exponent);
  const digits = whole + fraction.padEnd(shift, '0').slice(0, shift);
  const zeros = Math.max(0, shift - Math.max(fraction.length, shift));
  const nanos = BigInt(digits) * 10n ** BigInt(zeros);
  return nanos <= INT64_MAX ? nanos : null;
}

const INT64_MAX = 9_223_372_036_854_775_807n;

function isoNanos(text: string): bigint | null {
  if (text.charCodeAt(4) !== 0x2d) return null;
  const found = ISO.exec(text);
  if (found === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = found;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (Number.isNaN(ms)) return null;
  const nanos = BigInt(ms - minutesOf(zone) * 60_000) * NANOS_PER_MS + BigInt(fraction.padEnd(9, '0'));
  return nanos >= 0n ? nanos : null;
}

function minutesOf(zone: string): number {
  const found = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  if (found === null) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0);
  return found[1] === '-' ? -minutes : minutes;
}

/** A length of time in nanoseconds; null when it is missing.
 * @throws {BadSpan} */
export function durationOf(value: unknown, name: string, unit: TimeUnit): bigint | null {
  if (isMissing(value)) return null;
  const exact = unit === 'ns' ? integerOf(value) : null;
  if (exact !== null) return exact;
  const text = longNumber(value) ?? (typeof value === 'number' ? String(value) : value);
  const nanos = isText(text) ? decimalNanos(text, unit) : null;
  if (nanos === null) throw new BadSpan(`${name} is not a length of time.`);
  return nanos;
}
