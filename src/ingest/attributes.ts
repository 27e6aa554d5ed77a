import type { AttributeValue } from '../domain/trace';
import { BadSpan, isMissing, isRecord, type JsonRecord } from './fields';
import { exactNumber, longNumber } from './json/lossless';
import { LIMITS } from './limits';

export type MutableAttributes = Record<string, AttributeValue>;

/** Any value of JSON as an attribute, its numbers exact.
 * @throws {BadSpan} when it is nested too deep. */
export function attributeOf(value: unknown, depth = 0): AttributeValue {
  if (typeof value === 'string') return longOrText(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  return typeof value === 'object' && value !== null ? containerOf(value, depth) : null;
}

function containerOf(value: object, depth: number): AttributeValue {
  if (value instanceof Uint8Array) return value;
  if (depth >= LIMITS.attributeDepth) {
    throw new BadSpan(`An attribute is nested deeper than ${LIMITS.attributeDepth} levels.`);
  }
  if (Array.isArray(value)) return value.map((item) => attributeOf(item, depth + 1));
  const copy: MutableAttributes = {};
  for (const [key, item] of Object.entries(value)) setAttribute(copy, key, attributeOf(item, depth + 1));
  return copy;
}

function longOrText(value: string): AttributeValue {
  const long = longNumber(value);
  return long === null ? value : exactNumber(long);
}

/** The members of an object as attributes; none where it is missing.
 * @throws {BadSpan} */
export function attributesOf(value: unknown, name: string): MutableAttributes {
  const attributes: MutableAttributes = {};
  addAttributes(attributes, value, name);
  return attributes;
}

/** Adds the members of an object; nothing where it is missing.
 * @throws {BadSpan} when it is something else, or holds too much. */
export function addAttributes(attributes: MutableAttributes, value: unknown, name: string): void {
  if (isMissing(value)) return;
  if (!isRecord(value)) throw new BadSpan(`${name} is not an object.`);
  let count = 0;
  for (const key in value) {
    if (++count > LIMITS.attributesPerSpan) throw tooManyAttributes();
    setAttribute(attributes, key, attributeOf(value[key]));
  }
}

export function tooManyAttributes(): BadSpan {
  return new BadSpan(`It has more than ${LIMITS.attributesPerSpan} attributes.`);
}

/** Sets one, also under a name that means something else to JavaScript. */
export function setAttribute(attributes: MutableAttributes, key: string, value: AttributeValue): void {
  if (key === '__proto__') {
    Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
  } else attributes[key] = value;
}

/** Sets those that are not missing; the names are ours, the values those of a document.
 * @throws {BadSpan} when one is nested too deep. */
export function addKnown(attributes: MutableAttributes, known: JsonRecord): void {
  for (const key in known) {
    const value = known[key];
    if (!isMissing(value)) attributes[key] = attributeOf(value);
  }
}
