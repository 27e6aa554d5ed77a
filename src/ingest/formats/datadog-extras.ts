import type { Attributes, AttributeValue, SpanEvent, SpanLink } from '../../domain/trace';
import { attributeOf, attributesOf, setAttribute, type MutableAttributes } from '../attributes';
import { BadSpan, isMissing, isRecord, listOr, nanosOr, textOr } from '../fields';
import { isText, parseJson } from '../json/lossless';
import { apiSpanId, apiTraceId, tracerSpanId, tracerTraceId } from './datadog-ids';

/** Events of a span, or as the JSON text in its tag `events`.
 * @throws {BadSpan} */
export function eventsOf(events: unknown, tag: AttributeValue | undefined): readonly SpanEvent[] {
  return listOr(events ?? listInTag(tag), 'The span events').map((event) => {
    if (!isRecord(event)) throw new BadSpan('A span event is not an object.');
    return {
      name: textOr(event.name, '', 'The name of a span event'),
      timeUnixNano: nanosOr(event.time_unix_nano ?? event.timeUnixNano, 'The time of a span event'),
      attributes: typedAttributes(event.attributes),
    };
  });
}

/** Links of a span, or as the JSON text in its tag `_dd.span_links`.
 * @throws {BadSpan} */
export function linksOf(links: unknown, tag: AttributeValue | undefined): readonly SpanLink[] {
  if (!isMissing(links)) return listOr(links, 'The span links').map(binaryLink);
  return (listInTag(tag) ?? []).map(textLink);
}

/** With 64-bit integers for ids, the trace's in two halves. */
function binaryLink(link: unknown): SpanLink {
  if (!isRecord(link)) throw new BadSpan('A span link is not an object.');
  const upper = isMissing(link.trace_id_high) ? null : tracerSpanId(link.trace_id_high).hex;
  return {
    traceId: tracerTraceId(link.trace_id, upper ?? '0000000000000000').hex,
    spanId: tracerSpanId(link.span_id).hex,
    attributes: attributesOf(link.attributes, 'The attributes of a span link'),
  };
}

/** With hexadecimal texts for ids. */
function textLink(link: unknown): SpanLink {
  if (!isRecord(link)) throw new BadSpan('A span link is not an object.');
  const spanId = apiSpanId(link.span_id, 'The span id of a span link');
  if (spanId === null) throw new BadSpan('A span link has no span id.');
  return {
    traceId: apiTraceId(link.trace_id).hex,
    spanId: spanId.hex,
    attributes: attributesOf(link.attributes, 'The attributes of a span link'),
  };
}

/** A list in a tag; undefined where there is none, or where the tag is something else of that name. */
function listInTag(tag: AttributeValue | undefined): readonly unknown[] | undefined {
  if (!isText(tag) || !tag.startsWith('[')) return undefined;
  try {
    const parsed = parseJson(Buffer.from(tag));
    return Array.isArray(parsed) && parsed.every(isRecord) ? parsed : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const TYPED_KEYS = ['string_value', 'bool_value', 'int_value', 'double_value'] as const;

/** Attributes of events, whose values name their type in v0.4. */
function typedAttributes(value: unknown): Attributes {
  const attributes: MutableAttributes = {};
  if (isMissing(value)) return attributes;
  if (!isRecord(value)) throw new BadSpan('The attributes of a span event are not an object.');
  for (const [key, item] of Object.entries(value)) setAttribute(attributes, key, typedValue(item));
  return attributes;
}

function typedValue(value: unknown): AttributeValue {
  if (!isRecord(value) || value.type === undefined) return attributeOf(value);
  const key = TYPED_KEYS.find((one) => value[one] !== undefined);
  if (key !== undefined) return attributeOf(value[key]);
  const list = isRecord(value.array_value) ? value.array_value.values : undefined;
  return Array.isArray(list) ? list.map(typedValue) : attributeOf(value);
}
