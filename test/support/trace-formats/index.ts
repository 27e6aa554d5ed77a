import { constantFrom, record, tuple, type Arbitrary } from 'fast-check';
import type { Attributes, Span, TraceFormat } from '../../../src/domain/trace';
import { jsonText, type Layout } from './json-text';
import { otlpLayout } from './otlp';
import { attributes, fullSpan, plainSpan, text, time } from './spans';

/** How a format is written in tests, and what of a span it can carry. */
export interface WrittenFormat {
  readonly spans: Arbitrary<Span>;
  readonly layout: (spans: readonly Span[]) => Layout;
}

const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_US = 1_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

const otlp: WrittenFormat = { spans: fullSpan(attributes.any, 1n), layout: otlpLayout };

const datadog: WrittenFormat = {
  spans: tuple(plainSpan(attributes.textsAndNumbers, 1n), text, constantFrom('unset', 'error')).map(
    ([span, message, status]): Span => ({
      ...span,
      endTimeUnixNano: span.endTimeUnixNano ?? span.startTimeUnixNano,
      resource: span.resource.attributes['service.name'] === '' ? { attributes: {} } : span.resource,
      status: status === 'error' ? 'error' : 'unset',
      statusMessage: status === 'error' ? message : '',
      attributes: {
        ...span.attributes,
        '_dd.p.tid': span.traceId.slice(0, 16),
        'resource.name': 'GET /',
        'span.type': 'web',
        ...(status === 'error' ? { 'error.message': message } : {}),
      },
    }),
  ),
  layout: (spans) => ({ open: '[[', records: spans.map(datadogSpan), between: '],[', close: ']]' }),
};

function datadogSpan(span: Span): string {
  const { 'resource.name': resource, 'span.type': type, ...tags } = span.attributes;
  const isText = ([, value]: readonly [string, unknown]): boolean => typeof value === 'string';
  const entries = Object.entries(tags);
  return jsonText({
    trace_id: BigInt(`0x${span.traceId.slice(16)}`),
    span_id: BigInt(`0x${span.spanId}`),
    parent_id: span.parentSpanId === null ? 0 : BigInt(`0x${span.parentSpanId}`),
    service: span.resource.attributes['service.name'] ?? '',
    name: span.name,
    resource,
    type,
    error: span.status === 'error' ? 1 : 0,
    start: span.startTimeUnixNano,
    duration: (span.endTimeUnixNano ?? 0n) - span.startTimeUnixNano,
    meta: Object.fromEntries(entries.filter(isText)),
    metrics: Object.fromEntries(entries.filter((entry) => !isText(entry))),
  });
}

const xray: WrittenFormat = {
  spans: tuple(plainSpan(attributes.scalars, NANOS_PER_US), text, constantFrom('unset', 'error')).map(
    ([span, message, status]): Span => ({
      ...span,
      kind: 'server',
      resource: { attributes: span.name === '' ? {} : { 'service.name': span.name } },
      status: status === 'error' ? 'error' : 'unset',
      statusMessage: status === 'error' ? message : '',
      attributes: { ...span.attributes, ...(status === 'error' ? { 'aws.xray.fault': true } : {}) },
      events:
        status === 'error'
          ? [
              {
                name: 'exception',
                timeUnixNano: null,
                attributes: { 'exception.type': 'E', ...messageOf(message) },
              },
            ]
          : [],
    }),
  ),
  layout: (spans) => ({ open: '[', records: spans.map(segment), between: ',\n', close: ']' }),
};

function messageOf(message: string): Attributes {
  return message === '' ? {} : { 'exception.message': message };
}

/** Decimal seconds with as many digits as there are. */
function seconds(nanos: bigint): string {
  return `${nanos / NANOS_PER_SECOND}.${String(nanos % NANOS_PER_SECOND)
    .padStart(9, '0')
    .replace(/0{1,8}$/, '')}`;
}

function segment(span: Span): string {
  const { 'aws.xray.fault': fault, ...annotations } = span.attributes;
  const times = [`"start_time":${seconds(span.startTimeUnixNano)}`];
  if (span.endTimeUnixNano !== null) times.push(`"end_time":${seconds(span.endTimeUnixNano)}`);
  const rest = jsonText({
    trace_id: `1-${span.traceId.slice(0, 8)}-${span.traceId.slice(8)}`,
    id: span.spanId,
    ...(span.parentSpanId === null ? {} : { parent_id: span.parentSpanId }),
    name: span.name,
    annotations,
    ...(span.endTimeUnixNano === null ? { in_progress: true } : {}),
    ...(fault === undefined
      ? {}
      : { fault, cause: { exceptions: [{ type: 'E', message: span.statusMessage }] } }),
  });
  return `{${times.join(',')},${rest.slice(1)}`;
}

const PREFIX = 'langfuse.observation.';
const langfuse: WrittenFormat = {
  spans: tuple(
    plainSpan(attributes.json, NANOS_PER_MS),
    constantFrom('SPAN', 'GENERATION', 'TOOL'),
    constantFrom('DEFAULT', 'ERROR'),
    text,
  ).map(([span, type, level, message]): Span => ({
    ...span,
    resource: { attributes: { 'langfuse.trace.name': 'chat' } },
    status: level === 'ERROR' ? 'error' : 'unset',
    statusMessage: message,
    attributes: {
      [`${PREFIX}type`]: type,
      [`${PREFIX}level`]: level,
      [`${PREFIX}input`]: { question: span.name },
    },
  })),
  layout: (spans) => ({
    open: '{"trace":{"id":"0","name":"chat"},"observations":[',
    records: spans.map(observation),
    between: ',',
    close: ']}',
  }),
};

function iso(nanos: bigint): string {
  const fraction = String(nanos % NANOS_PER_SECOND).padStart(9, '0');
  return new Date(Number(nanos / NANOS_PER_MS)).toISOString().replace(/\.\d+Z$/, `.${fraction}Z`);
}

function observation(span: Span): string {
  return jsonText({
    id: span.spanId,
    traceId: span.traceId,
    parentObservationId: span.parentSpanId,
    type: span.attributes[`${PREFIX}type`],
    level: span.attributes[`${PREFIX}level`],
    name: span.name,
    input: span.attributes[`${PREFIX}input`],
    startTime: iso(span.startTimeUnixNano),
    endTime: span.endTimeUnixNano === null ? null : iso(span.endTimeUnixNano),
    statusMessage: span.statusMessage,
  });
}

const KIND = 'openinference.span.kind';
const openinference: WrittenFormat = {
  spans: tuple(fullSpan(attributes.scalars, 1n), constantFrom('LLM', 'TOOL')).map(([span, kind]): Span => ({
    ...span,
    kind: 'unspecified',
    links: [],
    traceState: null,
    resource: { attributes: {} },
    attributes: { ...span.attributes, [KIND]: kind },
  })),
  layout: (spans) => ({
    open: '{"data":[',
    records: spans.map(phoenixSpan),
    between: ',',
    close: '],"next_cursor":null}',
  }),
};

function phoenixSpan(span: Span): string {
  const { [KIND]: kind, ...rest } = span.attributes;
  return jsonText({
    name: span.name,
    context: { trace_id: span.traceId, span_id: span.spanId },
    span_kind: kind,
    parent_id: span.parentSpanId,
    start_time: iso(span.startTimeUnixNano),
    end_time: span.endTimeUnixNano === null ? null : iso(span.endTimeUnixNano),
    status_code: span.status.toUpperCase(),
    status_message: span.statusMessage,
    attributes: rest,
    events: span.events.map(({ name, timeUnixNano, attributes: own }) => ({
      name,
      timestamp: timeUnixNano === null ? null : iso(timeUnixNano),
      attributes: own,
    })),
  });
}

const json: WrittenFormat = {
  spans: tuple(fullSpan(attributes.json, 1n), record({ name: text, time: time(1n) })).map(
    ([span, { name }]): Span => ({ ...span, scope: { name, version: '1.0' } }),
  ),
  layout: (spans) => ({ open: '{"spans":[', records: spans.map(jsonSpan), between: ',', close: ']}' }),
};

function jsonSpan(span: Span): string {
  return jsonText({
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    name: span.name,
    kind: span.kind,
    start_time: iso(span.startTimeUnixNano),
    end_time_unix_nano: span.endTimeUnixNano,
    status: { code: span.status, message: span.statusMessage },
    attributes: span.attributes,
    events: span.events.map(({ name, timeUnixNano, attributes: own }) => ({
      name,
      time_unix_nano: timeUnixNano,
      attributes: own,
    })),
    links: span.links.map(({ traceId, spanId, attributes: own }) => ({
      trace_id: traceId,
      span_id: spanId,
      attributes: own,
    })),
    resource: span.resource,
    scope: span.scope,
    trace_state: span.traceState,
  });
}

/** A format without an entry does not compile. */
export const WRITTEN_FORMATS: Readonly<Record<TraceFormat, WrittenFormat>> = {
  otlp,
  datadog,
  xray,
  langfuse,
  openinference,
  json,
};
