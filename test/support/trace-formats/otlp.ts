import type { Attributes, AttributeValue, Span } from '../../../src/domain/trace';
import { SPAN_KINDS, SPAN_STATUSES } from '../../../src/domain/trace';
import { tracesDataType } from '../../../src/ingest/protobuf/definitions';
import { jsonText, type Layout } from './json-text';

/** Writes spans as OTLP/JSON, each in a request of its own. */
export function otlpLayout(spans: readonly Span[]): Layout {
  return {
    open: '{"resourceSpans":[',
    records: spans.map((span) => jsonText(resourceSpans(span, (id) => id, base64))),
    between: ',',
    close: ']}',
  };
}

/** Writes spans as an ExportTraceServiceRequest. */
export function otlpProtobuf(spans: readonly Span[]): Buffer {
  const type = tracesDataType();
  const bytes = (id: string): Buffer => Buffer.from(id, 'hex');
  const request = { resourceSpans: spans.map((span) => resourceSpans(span, bytes, (value) => value)) };
  return Buffer.from(type.encode(type.fromObject(request)).finish());
}

type IdWriter = (id: string) => unknown;
type BytesWriter = (bytes: Uint8Array) => unknown;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function resourceSpans(span: Span, id: IdWriter, bytes: BytesWriter): object {
  const scope =
    span.scope === null
      ? {}
      : { scope: { ...span.scope, attributes: list(span.scope.attributes ?? {}, bytes) } };
  return {
    resource: { attributes: list(span.resource.attributes, bytes) },
    scopeSpans: [{ ...scope, spans: [otlpSpan(span, id, bytes)] }],
  };
}

function otlpSpan(span: Span, id: IdWriter, bytes: BytesWriter): object {
  return {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    ...(span.parentSpanId === null ? {} : { parentSpanId: id(span.parentSpanId) }),
    ...(span.traceState === null ? {} : { traceState: span.traceState }),
    name: span.name,
    kind: SPAN_KINDS.indexOf(span.kind),
    startTimeUnixNano: String(span.startTimeUnixNano),
    ...(span.endTimeUnixNano === null ? {} : { endTimeUnixNano: String(span.endTimeUnixNano) }),
    attributes: list(span.attributes, bytes),
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      ...(timeUnixNano === null ? {} : { timeUnixNano: String(timeUnixNano) }),
      attributes: list(attributes, bytes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      traceId: id(traceId),
      spanId: id(spanId),
      attributes: list(attributes, bytes),
    })),
    status: { code: SPAN_STATUSES.indexOf(span.status), message: span.statusMessage },
  };
}

function list(attributes: Attributes, bytes: BytesWriter): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value, bytes) }));
}

function anyValue(value: AttributeValue, bytes: BytesWriter): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number' || typeof value === 'bigint') return numberValue(value);
  if (value === null) return {};
  if (value instanceof Uint8Array) return { bytesValue: bytes(value) };
  if (isList(value)) return { arrayValue: { values: value.map((item) => anyValue(item, bytes)) } };
  return { kvlistValue: { values: list(value, bytes) } };
}

function isList(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value);
}

function numberValue(value: number | bigint): object {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}
