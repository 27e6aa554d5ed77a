import type { Resource, Span, SpanEvent, SpanLink, SpanStatus, TraceFormat } from '../../domain/trace';
import {
  addAttributes,
  attributesOf,
  attributeOf,
  setAttribute,
  type MutableAttributes,
} from '../attributes';
import { kindNamed, statusNamed } from '../enums';
import { BadSpan, firstOf, isMissing, isRecord, listOr, textOr } from '../fields';
import { anyId } from '../ids';
import { isText, longNumber } from '../json/lossless';
import { durationOf, timeOf, unitOf } from '../times';
import { fieldsOf, type JsonFields } from './json-fields';

/** What a span has from what it is in, where it does not say it itself. */
export interface JsonSurroundings {
  readonly format: TraceFormat;
  readonly traceId: unknown;
  readonly parentId: unknown;
  readonly resource: Resource;
}

/** A span of plain JSON.
 * @throws {BadSpan} */
export function jsonSpan(value: unknown, around: JsonSurroundings, position: string): Span {
  if (!isRecord(value)) throw new BadSpan('It is not an object.');
  const fields = fieldsOf(value);
  const traceId = anyId(fields.traceId ?? around.traceId, 32, 'The trace id');
  const spanId = anyId(fields.spanId, 16, 'The span id');
  const parentId = anyId(fields.parentId ?? around.parentId, 16, 'The parent id');
  if (traceId === null) throw new BadSpan('It has no trace id.');
  if (spanId === null) throw new BadSpan('It has no span id.');
  const { start, end } = timesOf(fields);
  const { attributes, outcome } = contentOf(fields);
  return {
    traceId: traceId.hex,
    spanId: spanId.hex,
    parentSpanId: parentId === null ? null : parentId.hex,
    originalTraceId: traceId.original,
    originalSpanId: spanId.original,
    name: textOr(fields.name, '', 'The name'),
    kind: kindNamed(fields.kind) ?? 'unspecified',
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    status: outcome.status,
    statusMessage: outcome.message,
    attributes,
    events: [...exceptionOf(fields.error), ...listOr(fields.events, 'The events').map(eventOf)],
    links: listOr(fields.links, 'The links').map(linkOf),
    resource: resourceOf(fields.resource, fields.service, around.resource),
    scope: scopeOf(fields.scope),
    traceState: stateOf(fields.traceState),
    source: { format: around.format, position },
  };
}

/** The SDK for Python prints `[]` for none. */
function stateOf(value: unknown): string | null {
  return isText(value) && value !== '' && value !== '[]' ? value : null;
}

/** A length without a unit is in that of the start, when that is a number. */
function timesOf(fields: JsonFields): { readonly start: bigint; readonly end: bigint | null } {
  const start = timeOf(fields.start, 'The start', fields.startUnit);
  if (start === null) throw new BadSpan('It has no start.');
  const end = timeOf(fields.end, 'The end', fields.endUnit);
  if (end !== null || fields.duration === undefined) return { start, end };
  const unit = fields.durationUnit ?? fields.startUnit ?? unitOfNumber(fields.start);
  if (unit === undefined) {
    setAttribute(fields.others, 'duration', attributeOf(fields.duration));
    return { start, end: null };
  }
  return { start, end: start + (durationOf(fields.duration, 'The duration', unit) ?? 0n) };
}

function unitOfNumber(start: unknown): JsonFields['startUnit'] {
  const number = Number(typeof start === 'number' ? start : (longNumber(start) ?? Number.NaN));
  return Number.isNaN(number) ? undefined : unitOf(number);
}

type Outcome = Pick<Span, 'status'> & { readonly message: string };

function contentOf(fields: JsonFields): {
  readonly attributes: MutableAttributes;
  readonly outcome: Outcome;
} {
  const attributes: MutableAttributes = {};
  addAttributes(attributes, fields.attributes, 'The attributes');
  if (fields.kind !== undefined && kindNamed(fields.kind) === undefined) {
    attributes['span.kind'] = attributeOf(fields.kind);
  }
  const outcome = outcomeOf(fields);
  for (const key in fields.others) {
    if (!Object.hasOwn(attributes, key)) setAttribute(attributes, key, fields.others[key] ?? null);
  }
  return { attributes, outcome };
}

/** Words for an outcome beside those of OpenTelemetry. */
const STATUS_WORDS: Readonly<Record<string, SpanStatus>> = {
  success: 'ok',
  succeeded: 'ok',
  completed: 'ok',
  failed: 'error',
  failure: 'error',
  exception: 'error',
};

/** From the status and the error; what says neither well nor ill stays an attribute. */
function outcomeOf(fields: JsonFields): Outcome {
  const record = isRecord(fields.status) ? fields.status : { code: fields.status };
  const code = firstOf(record, ['code', 'status_code', 'statusCode']);
  const named = statusNamed(code) ?? (isText(code) ? STATUS_WORDS[code.toLowerCase()] : undefined);
  if (named === undefined && !isMissing(code)) setAttribute(fields.others, 'status', attributeOf(code));
  const told = fields.statusMessage ?? firstOf(record, ['message', 'description']);
  return {
    status: hasError(fields) ? 'error' : (named ?? 'unset'),
    message: textOr(told, '', 'The status message') || messageOf(fields.error),
  };
}

function hasError({ error, others }: JsonFields): boolean {
  const isError = error === true || (isText(error) && error !== '') || isRecord(error);
  if (!isError && !isMissing(error)) setAttribute(others, 'error', attributeOf(error));
  return isError;
}

function messageOf(error: unknown): string {
  if (isText(error)) return error;
  return isRecord(error) ? textOr(error.message, '', 'The message of the error') : '';
}

function exceptionOf(error: unknown): readonly SpanEvent[] {
  if (!isRecord(error)) return [];
  const type = error.type ?? error.name;
  const stack = error.stack ?? error.stacktrace;
  if (isMissing(type) && isMissing(stack)) return [];
  const message = messageOf(error);
  return [
    {
      name: 'exception',
      timeUnixNano: null,
      attributes: {
        ...(isMissing(type) ? {} : { 'exception.type': attributeOf(type) }),
        ...(message === '' ? {} : { 'exception.message': message }),
        ...(isMissing(stack) ? {} : { 'exception.stacktrace': attributeOf(stack) }),
      },
    },
  ];
}

function eventOf(event: unknown): SpanEvent {
  if (!isRecord(event)) throw new BadSpan('An event is not an object.');
  const { name, time, timestamp, time_unix_nano: nanos, timeUnixNano, attributes, ...others } = event;
  const read = attributesOf(attributes, 'The attributes of an event');
  for (const [key, item] of Object.entries(others))
    if (!isMissing(item)) setAttribute(read, key, attributeOf(item));
  const inNanos = nanos ?? timeUnixNano;
  return {
    name: textOr(name, '', 'The name of an event'),
    timeUnixNano: timeOf(
      inNanos ?? time ?? timestamp,
      'The time of an event',
      inNanos === undefined ? undefined : 'ns',
    ),
    attributes: read,
  };
}

function linkOf(link: unknown): SpanLink {
  if (!isRecord(link)) throw new BadSpan('A link is not an object.');
  const context = isRecord(link.context) ? link.context : link;
  const traceId = anyId(context.trace_id ?? context.traceId, 32, 'The trace id of a link');
  const spanId = anyId(context.span_id ?? context.spanId, 16, 'The span id of a link');
  if (traceId === null || spanId === null) throw new BadSpan('A link has no trace or span id.');
  return {
    traceId: traceId.hex,
    spanId: spanId.hex,
    attributes: attributesOf(link.attributes, 'The attributes of a link'),
  };
}

/** Attributes, or an object of them, and the name of a service.
 * @throws {BadSpan} */
export function resourceOf(resource: unknown, service: unknown, otherwise: Resource): Resource {
  if (isMissing(resource) && isMissing(service)) return otherwise;
  const attributes: MutableAttributes = { ...otherwise.attributes };
  if (isText(resource)) attributes['resource.name'] = resource;
  else
    addAttributes(
      attributes,
      isRecord(resource) && isRecord(resource.attributes) ? resource.attributes : resource,
      'The resource',
    );
  const name = isRecord(service) ? service.name : service;
  if (!isMissing(name)) attributes['service.name'] = textOr(name, '', 'The service');
  return { attributes };
}

function scopeOf(scope: unknown): Span['scope'] {
  if (isText(scope)) return { name: scope, version: null };
  if (!isRecord(scope)) return null;
  const attributes = attributesOf(scope.attributes, 'The attributes of the scope');
  return {
    name: textOr(scope.name, '', 'The name of the scope'),
    version: textOr(scope.version, '', 'The version of the scope') || null,
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
  };
}
