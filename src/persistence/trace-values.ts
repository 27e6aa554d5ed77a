import { z } from 'zod';
import type { Attributes, AttributeValue, SpanEvent, SpanLink } from '../domain/trace';

/**
 * Attributes as JSON that keeps what JSON has no form for: `{"$int": "…"}` is an integer beyond 2^53, `{"$double": "…"}`
 * NaN or an infinity, `{"$bytes": "…"}` base64. A map of theirs that has a key beginning with `$` is wrapped in
 * `{"$map": …}`. NUL and halves of surrogate pairs, which PostgreSQL does not take, are replaced.
 */
function toStored(value: AttributeValue): unknown {
  if (typeof value === 'string') return storableString(value);
  if (typeof value === 'bigint' || typeof value === 'number') return numberToStored(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (isList(value)) return value.map(toStored);
  const map = attributesToStored(value);
  return Object.keys(map).some((key) => key.startsWith('$')) ? { $map: map } : map;
}

function numberToStored(value: bigint | number): unknown {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : { $int: value.toString() };
  return Number.isFinite(value) ? value : { $double: String(value) };
}

/** The value that was stored. */
function fromStored(stored: unknown): AttributeValue {
  if (Array.isArray(stored)) return stored.map(fromStored);
  if (typeof stored === 'object' && stored !== null) return fromMap({ ...stored });
  if (
    stored === null ||
    typeof stored === 'string' ||
    typeof stored === 'number' ||
    typeof stored === 'boolean'
  )
    return stored;
  throw new Error(`a stored attribute is a ${typeof stored}`);
}

function fromMap(map: Readonly<Record<string, unknown>>): AttributeValue {
  const [key, ...others] = Object.keys(map);
  const value = map[key ?? ''];
  if (key?.startsWith('$') === true && others.length === 0) {
    if (key === '$map') return attributesFrom(value);
    if (key === '$int') return BigInt(String(value));
    if (key === '$double') return Number(value);
    if (key === '$bytes') return new Uint8Array(Buffer.from(String(value), 'base64'));
  }
  return attributesFrom(map);
}

/** Attributes are a map at the top, whatever their keys are. */
export function attributesToStored(attributes: Attributes): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [storableString(key), toStored(value)]),
  );
}

export function attributesFrom(stored: unknown): Attributes {
  const map = z.record(z.string(), z.unknown()).parse(stored);
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, fromStored(value)]));
}

export function eventToStored({ name, timeUnixNano, attributes }: SpanEvent): unknown {
  return {
    name: storableString(name),
    time: timeUnixNano === null ? null : timeUnixNano.toString(),
    attributes: attributesToStored(attributes),
  };
}

const storedEvent = z.object({ name: z.string(), time: z.string().nullable(), attributes: z.unknown() });

export function eventFrom(stored: unknown): SpanEvent {
  const { name, time, attributes } = storedEvent.parse(stored);
  return { name, timeUnixNano: time === null ? null : BigInt(time), attributes: attributesFrom(attributes) };
}

export function linkToStored({ traceId, spanId, attributes }: SpanLink): unknown {
  return { traceId, spanId, attributes: attributesToStored(attributes) };
}

const storedLink = z.object({ traceId: z.string(), spanId: z.string(), attributes: z.unknown() });

export function linkFrom(stored: unknown): SpanLink {
  const { attributes, ...ids } = storedLink.parse(stored);
  return { ...ids, attributes: attributesFrom(attributes) };
}

/** Most text is storable: looked at before it is copied. */
export function storableString(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text;
  return text.toWellFormed().replaceAll('\0', '\u{FFFD}');
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

function isList(value: object): value is readonly AttributeValue[] {
  return Array.isArray(value);
}
