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

/** The columns of a span, with their types; `coded` values have no control characters, for they are JSON, numbers or names of ours. */
export const SPAN_COLUMNS = [
  { name: 'trace_id', type: 'text', coded: true },
  { name: 'span_id', type: 'text', coded: true },
  { name: 'parent_span_id', type: 'text', coded: true },
  { name: 'name', type: 'text', coded: false },
  { name: 'kind', type: 'text', coded: true },
  { name: 'start_unix_nano', type: 'bigint', coded: true },
  { name: 'end_unix_nano', type: 'bigint', coded: true },
  { name: 'status_code', type: 'text', coded: true },
  { name: 'status_message', type: 'text', coded: false },
  { name: 'attributes', type: 'jsonb', coded: true },
  { name: 'events', type: 'jsonb', coded: true },
  { name: 'links', type: 'jsonb', coded: true },
  { name: 'resource', type: 'jsonb', coded: true },
  { name: 'original_span_id', type: 'text', coded: false },
  { name: 'scope', type: 'jsonb', coded: true },
  { name: 'trace_state', type: 'text', coded: false },
  { name: 'model', type: 'text', coded: false },
  { name: 'format', type: 'text', coded: true },
  { name: 'position', type: 'text', coded: false },
] as const;

type Column = (typeof SPAN_COLUMNS)[number]['name'];
type Required = 'attributes' | 'events' | 'resource';

/** A span as PostgreSQL reads it: every value as text. */
export type StoredSpan = Readonly<
  Record<Required, string> & Record<Exclude<Column, Required>, string | null>
>;

export function spanRow({ span, model }: SpanToStore): StoredSpan {
  const { scope } = span;
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    name: storableString(span.name),
    kind: span.kind,
    start_unix_nano: span.startTimeUnixNano.toString(),
    end_unix_nano: span.endTimeUnixNano?.toString() ?? null,
    status_code: span.status,
    status_message: span.statusMessage === '' ? null : storableString(span.statusMessage),
    attributes: JSON.stringify(attributesToStored(span.attributes)),
    events: JSON.stringify(span.events.map(eventToStored)),
    links: JSON.stringify(span.links.map(linkToStored)),
    resource: writtenOnce(span.resource.attributes, attributesToStored),
    original_span_id: span.originalSpanId === null ? null : storableString(span.originalSpanId),
    scope: scope === null ? null : writtenOnce(scope, scopeToStored),
    trace_state: span.traceState === null ? null : storableString(span.traceState),
    model: model === null ? null : storableString(model),
    format: span.source.format,
    position: storableString(span.source.position),
  };
}

const written = new WeakMap<object, string>();

/** The JSON of what many spans have in common. */
function writtenOnce<T extends object>(value: T, toStored: (value: T) => unknown): string {
  const known = written.get(value);
  if (known !== undefined) return known;
  const json = JSON.stringify(toStored(value));
  written.set(value, json);
  return json;
}

function scopeToStored({ name, version, attributes }: NonNullable<Span['scope']>): unknown {
  return {
    name: storableString(name),
    version: version === null ? null : storableString(version),
    attributes: attributesToStored(attributes ?? {}),
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
