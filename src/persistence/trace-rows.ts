import { SPAN_KINDS, SPAN_STATUSES, TRACE_FORMATS, type Span } from '../domain/trace';
import type { SpanToStore } from '../ports/trace-store';
import { member } from './columns';
import type { Span as SpanRow } from './generated/client';
import {
  attributesFrom,
  attributesToStored,
  eventFrom,
  eventToStored,
  linkFrom,
  linkToStored,
  storableString,
} from './trace-values';

/** A span as `jsonb_to_recordset` takes it, by the names of the columns. */
export function spanRow({ span, model }: SpanToStore): Readonly<Record<string, unknown>> {
  const { scope } = span;
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    name: storableString(span.name),
    kind: span.kind,
    // Text: numbers of JSON have no more than 53 bits here.
    start_unix_nano: span.startTimeUnixNano.toString(),
    end_unix_nano: span.endTimeUnixNano?.toString() ?? null,
    status_code: span.status,
    status_message: span.statusMessage === '' ? null : storableString(span.statusMessage),
    attributes: attributesToStored(span.attributes),
    events: span.events.map(eventToStored),
    links: span.links.map(linkToStored),
    resource: attributesToStored(span.resource.attributes),
    original_span_id: span.originalSpanId === null ? null : storableString(span.originalSpanId),
    scope:
      scope === null
        ? null
        : {
            name: storableString(scope.name),
            version: scope.version === null ? null : storableString(scope.version),
            attributes: attributesToStored(scope.attributes ?? {}),
          },
    trace_state: span.traceState === null ? null : storableString(span.traceState),
    model: model === null ? null : storableString(model),
    format: span.source.format,
    position: storableString(span.source.position),
  };
}

export function toSpan(row: SpanRow, originalTraceId: string | null): Span {
  return {
    traceId: row.traceId,
    spanId: row.spanId,
    parentSpanId: row.parentSpanId,
    originalTraceId,
    originalSpanId: row.originalSpanId,
    name: row.name,
    kind: member(SPAN_KINDS, row.kind),
    startTimeUnixNano: row.startUnixNano,
    endTimeUnixNano: row.endUnixNano,
    status: member(SPAN_STATUSES, row.statusCode),
    statusMessage: row.statusMessage ?? '',
    attributes: attributesFrom(row.attributes),
    events: list(row.events).map(eventFrom),
    links: list(row.links).map(linkFrom),
    resource: { attributes: attributesFrom(row.resource) },
    scope: row.scope === null ? null : toScope({ ...attributesFrom(row.scope) }, row.scope),
    traceState: row.traceState,
    source: { format: member(TRACE_FORMATS, row.format), position: row.position },
  };
}

function toScope(fields: Readonly<Record<string, unknown>>, stored: unknown): NonNullable<Span['scope']> {
  const { name, version } = fields;
  const attributes = attributesFrom(record(stored)['attributes'] ?? {});
  return {
    name: typeof name === 'string' ? name : '',
    version: typeof version === 'string' ? version : null,
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
