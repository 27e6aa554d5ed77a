import type { Span, SpanEvent, SpanStatus } from '../../domain/trace';
import { addAttributes, type MutableAttributes } from '../attributes';
import { kindNamed } from '../enums';
import { BadSpan, integerOf, isMissing, isRecord, startNanos, textOr, type JsonRecord } from '../fields';
import { isText } from '../json/lossless';
import type { ServiceResources } from '../resources';
import { eventsOf, linksOf } from './datadog-extras';
import { rawTraceId, tracerParentId, tracerSpanId, tracerTraceId, type UpperHalves } from './datadog-ids';

/** What is remembered while a stream of spans of tracers is read. */
export interface TracerContext {
  readonly upperHalves: UpperHalves;
  readonly resources: ServiceResources;
}

/**
 * A span as tracers send it to the agent (v0.3, v0.4): tags in `meta` and `metrics`, integers for ids, nanoseconds for
 * times.
 * @throws {BadSpan}
 */
export function tracerSpan(value: unknown, context: TracerContext, position: string): Span {
  if (!isRecord(value)) throw new BadSpan('It is not an object.');
  const traceId = tracerTraceId(rawTraceId(value), context.upperHalves.of(value));
  const spanId = tracerSpanId(value.span_id ?? value.spanID);
  const { start, end } = timesOf(value.start, value.duration);
  const attributes = tagsOf(value);
  const status = statusOf(value.error);
  return {
    traceId: traceId.hex,
    spanId: spanId.hex,
    parentSpanId: tracerParentId(value.parent_id ?? value.parentID),
    originalTraceId: traceId.original,
    originalSpanId: spanId.original,
    name: textOr(value.name, '', 'The name'),
    kind: kindNamed(attributes['span.kind']) ?? 'unspecified',
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    status,
    statusMessage: status === 'error' ? messageOf(attributes) : '',
    attributes,
    events: [...exceptionOf(attributes), ...eventsOf(value.span_events, attributes.events)],
    links: linksOf(value.span_links, attributes['_dd.span_links']),
    resource: context.resources.of(textOr(value.service, '', 'The service')),
    scope: null,
    traceState: null,
    source: { format: 'datadog', position },
  };
}

/** From start and duration in nanoseconds.
 * @throws {BadSpan} */
export function timesOf(
  start: unknown,
  duration: unknown,
): { readonly start: bigint; readonly end: bigint | null } {
  const from = startNanos(start);
  if (isMissing(duration)) return { start: from, end: null };
  const length = integerOf(duration);
  if (length === null) throw new BadSpan('The duration is not an integer.');
  return { start: from, end: from + length };
}

function tagsOf(span: JsonRecord): MutableAttributes {
  const attributes: MutableAttributes = {};
  addAttributes(attributes, span.meta, 'The meta');
  addAttributes(attributes, span.metrics, 'The metrics');
  addAttributes(attributes, span.meta_struct ?? span.metaStruct, 'The meta_struct');
  const resource = textOr(span.resource, '', 'The resource');
  if (resource !== '') attributes['resource.name'] = resource;
  const type = textOr(span.type, '', 'The type');
  if (type !== '') attributes['span.type'] = type;
  return attributes;
}

/** Any code other than 0 is an error; there is no way to say that all went well.
 * @throws {BadSpan} */
function statusOf(error: unknown): SpanStatus {
  if (isMissing(error) || error === 0 || error === false) return 'unset';
  if (typeof error !== 'number' && error !== true) throw new BadSpan('The error is not a number.');
  return 'error';
}

/** Older tracers write `error.msg`. */
function messageOf(attributes: MutableAttributes): string {
  const message = attributes['error.message'] ?? attributes['error.msg'];
  return isText(message) ? message : '';
}

/** The exception that the tags of a span tell of; a message alone is the status. */
function exceptionOf(attributes: MutableAttributes): readonly SpanEvent[] {
  const type = attributes['error.type'];
  const stack = attributes['error.stack'];
  if (type === undefined && stack === undefined) return [];
  const message = messageOf(attributes);
  return [
    {
      name: 'exception',
      timeUnixNano: null,
      attributes: {
        ...(type === undefined ? {} : { 'exception.type': type }),
        ...(message === '' ? {} : { 'exception.message': message }),
        ...(stack === undefined ? {} : { 'exception.stacktrace': stack }),
      },
    },
  ];
}
