import type { AttributeValue, Resource, Span, SpanEvent, SpanKind, SpanLink } from '../../domain/trace';
import { addAttributes, setAttribute, tooManyAttributes, type MutableAttributes } from '../attributes';
import { kindNamed, statusNamed } from '../enums';
import {
  BadSpan,
  integerOf,
  isMissing,
  isRecord,
  listOr,
  nanosOr,
  smallest,
  startNanos,
  textOr,
  type JsonRecord,
} from '../fields';
import { otelId } from '../ids';
import { isText, longNumber } from '../json/lossless';
import { LIMITS } from '../limits';

/** What spans of OTLP share with the others in their list. */
export interface OtlpSurroundings {
  readonly resource: Resource;
  readonly scope: Span['scope'];
}

/**
 * A span of OTLP, from JSON in any of its spellings or decoded from protobuf.
 * @throws {BadSpan}
 */
export function otlpSpan(value: unknown, { resource, scope }: OtlpSurroundings, position: string): Span {
  if (!isRecord(value)) throw new BadSpan('It is not an object.');
  const { status, statusMessage } = statusOf(value.status);
  const identity = identityOf(value);
  // Member by member: a spread would cost as much as all the rest.
  return {
    traceId: identity.traceId,
    spanId: identity.spanId,
    parentSpanId: identity.parentSpanId,
    originalTraceId: identity.originalTraceId,
    originalSpanId: identity.originalSpanId,
    name: textOr(value.name, '', 'The name'),
    kind: kindOf(value.kind),
    startTimeUnixNano: identity.startTimeUnixNano,
    endTimeUnixNano: identity.endTimeUnixNano,
    status,
    statusMessage,
    attributes: spanAttributes(value),
    events: listOr(value.events, 'The events').map(eventOf),
    links: listOr(value.links, 'The links').map(linkOf),
    resource,
    scope,
    traceState: textOr(value.traceState ?? value.trace_state, '', 'The trace state') || null,
    source: { format: 'otlp', position },
  };
}

type Identity = Pick<
  Span,
  | 'traceId'
  | 'spanId'
  | 'parentSpanId'
  | 'originalTraceId'
  | 'originalSpanId'
  | 'startTimeUnixNano'
  | 'endTimeUnixNano'
>;

/** Which span it is, and when it ran. */
function identityOf(span: JsonRecord): Identity {
  const traceId = otelId(span.traceId ?? span.trace_id, 32, 'The trace id');
  const spanId = otelId(span.spanId ?? span.span_id, 16, 'The span id');
  const parentId = otelId(span.parentSpanId ?? span.parent_span_id, 16, 'The parent id');
  if (traceId === null) throw new BadSpan('It has no trace id.');
  if (spanId === null) throw new BadSpan('It has no span id.');
  const start = startNanos(span.startTimeUnixNano ?? span.start_time_unix_nano);
  return {
    traceId: traceId.hex,
    spanId: spanId.hex,
    parentSpanId: parentId === null ? null : parentId.hex,
    originalTraceId: traceId.original,
    originalSpanId: spanId.original,
    startTimeUnixNano: start,
    endTimeUnixNano: nanosOr(span.endTimeUnixNano ?? span.end_time_unix_nano, 'The end'),
  };
}

/** What was left out before the span came to us, under the names that OpenTelemetry has for formats without these fields. */
function spanAttributes(span: JsonRecord): MutableAttributes {
  const attributes = otlpAttributes(span.attributes);
  addDropped(attributes, 'attributes', span.droppedAttributesCount ?? span.dropped_attributes_count);
  addDropped(attributes, 'events', span.droppedEventsCount ?? span.dropped_events_count);
  addDropped(attributes, 'links', span.droppedLinksCount ?? span.dropped_links_count);
  return attributes;
}

function addDropped(attributes: MutableAttributes, what: string, count: unknown): void {
  if (count === undefined || count === 0 || isMissing(count)) return;
  const number = integerOf(count);
  if (number !== null && number > 0n) attributes[`otel.dropped_${what}_count`] = smallest(number);
}

/** A list of keys and values; also an object, as some exporters write it.
 * @throws {BadSpan} */
export function otlpAttributes(value: unknown): MutableAttributes {
  const attributes: MutableAttributes = {};
  if (Array.isArray(value)) addList(attributes, value, 0);
  else addAttributes(attributes, value, 'The attributes');
  return attributes;
}

function addList(attributes: MutableAttributes, list: readonly unknown[], depth: number): void {
  if (list.length > LIMITS.attributesPerSpan) throw tooManyAttributes();
  for (const item of list) {
    if (!isRecord(item) || !isText(item.key)) throw new BadSpan('An attribute has no key.');
    setAttribute(attributes, item.key, anyValue(item.value, depth));
  }
}

function anyValue(value: unknown, depth: number): AttributeValue {
  if (isMissing(value)) return null;
  if (!isRecord(value)) throw new BadSpan('The value of an attribute is not an object.');
  const kind = Object.keys(value)[0];
  if (kind === undefined) return null;
  const held = value[kind];
  if (isText(held) && (kind === 'stringValue' || kind === 'string_value')) return held;
  const read = VALUE_READERS.get(kind);
  if (read === undefined)
    throw new BadSpan(`An attribute has a value of an unknown kind: ${kind.slice(0, 40)}.`);
  return read(held, depth);
}

type ValueReader = (value: unknown, depth: number) => AttributeValue;

const VALUE_READERS: ReadonlyMap<string, ValueReader> = withSnakeCase({
  stringValue: (value) => textOr(value, '', 'The text of an attribute'),
  boolValue: booleanOf,
  intValue: integerValue,
  doubleValue: doubleOf,
  bytesValue: (value) =>
    Uint8Array.from(
      value instanceof Uint8Array ? value : Buffer.from(textOr(value, '', 'An attribute'), 'base64'),
    ),
  arrayValue: (value, depth) => valuesOf(value, depth).map((item) => anyValue(item, depth + 1)),
  kvlistValue: (value, depth) => {
    const attributes: MutableAttributes = {};
    addList(attributes, valuesOf(value, depth), depth + 1);
    return attributes;
  },
});

function withSnakeCase(readers: Readonly<Record<string, ValueReader>>): ReadonlyMap<string, ValueReader> {
  const camel = Object.entries(readers);
  const snake = camel.map(([kind, read]) => [kind.replace('Value', '_value'), read] as const);
  return new Map([...camel, ...snake]);
}

function valuesOf(value: unknown, depth: number): readonly unknown[] {
  if (depth >= LIMITS.attributeDepth) {
    throw new BadSpan(`An attribute is nested deeper than ${LIMITS.attributeDepth} levels.`);
  }
  return listOr(isRecord(value) ? value.values : value, 'The values of an attribute');
}

function booleanOf(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new BadSpan('The truth value of an attribute is none.');
  return value;
}

function integerValue(value: unknown): number | bigint {
  const integer = integerOf(value);
  if (integer === null) throw new BadSpan('The integer of an attribute is none.');
  return smallest(integer);
}

const DOUBLES: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Infinity,
  '-Infinity': -Infinity,
};

function doubleOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const text = longNumber(value) ?? value;
  if (typeof text === 'string' && text !== '') {
    const number = DOUBLES[text] ?? Number(text);
    if (text === 'NaN' || !Number.isNaN(number)) return number;
  }
  throw new BadSpan('The number of an attribute is none.');
}

/** Numbers that are not defined yet are `unspecified`, as protobuf has it.
 * @throws {BadSpan} */
function kindOf(value: unknown): SpanKind {
  if (isMissing(value)) return 'unspecified';
  const kind = kindNamed(value);
  if (kind !== undefined) return kind;
  if (typeof value === 'number') return 'unspecified';
  throw new BadSpan('The kind is none of OpenTelemetry.');
}

function statusOf(value: unknown): Pick<Span, 'status' | 'statusMessage'> {
  if (isMissing(value)) return { status: 'unset', statusMessage: '' };
  if (!isRecord(value)) throw new BadSpan('The status is not an object.');
  const { code } = value;
  const named = statusNamed(code);
  if (named === undefined && !isMissing(code)) throw new BadSpan('The status code is none of OpenTelemetry.');
  return { status: named ?? 'unset', statusMessage: textOr(value.message, '', 'The status message') };
}

function eventOf(value: unknown): SpanEvent {
  if (!isRecord(value)) throw new BadSpan('An event is not an object.');
  return {
    name: textOr(value.name, '', 'The name of an event'),
    timeUnixNano: nanosOr(value.timeUnixNano ?? value.time_unix_nano, 'The time of an event'),
    attributes: otlpAttributes(value.attributes),
  };
}

function linkOf(value: unknown): SpanLink {
  if (!isRecord(value)) throw new BadSpan('A link is not an object.');
  const traceId = otelId(value.traceId ?? value.trace_id, 32, 'The trace id of a link');
  const spanId = otelId(value.spanId ?? value.span_id, 16, 'The span id of a link');
  if (traceId === null || spanId === null) throw new BadSpan('A link has no trace or span id.');
  return { traceId: traceId.hex, spanId: spanId.hex, attributes: otlpAttributes(value.attributes) };
}

/** The scope of a list of spans; null where it says nothing.
 * @throws {BadSpan} */
export function otlpScope(value: unknown): Span['scope'] {
  if (!isRecord(value)) return null;
  const name = textOr(value.name, '', 'The name of the scope');
  const version = textOr(value.version, '', 'The version of the scope') || null;
  const attributes = otlpAttributes(value.attributes);
  const hasAttributes = Object.keys(attributes).length > 0;
  if (name === '' && version === null && !hasAttributes) return null;
  return { name, version, ...(hasAttributes ? { attributes } : {}) };
}
