import { DomainError } from '../domain/errors';
import type { AttributeValue, Span } from '../domain/trace';
import { injectionsInSpans } from '../domain/trace-injections';
import { triggerSignature } from '../domain/trigger-signature';
import { FAILURE_TYPES } from '../domain/taxonomy';
import type { ApiRecord } from '../ports/records';
import type { TraceFilter, TraceRecords } from '../ports/trace-records';
import type { PrismaClient } from './client';
import { member } from './columns';
import type { Prisma, Trace, TraceSignal } from './generated/client';
import { presentRow } from './record-presentation';
import { toSpan } from './trace-rows';

/** Spans that are shown of one trace. */
const SHOWN_SPANS = 5_000;
const SHOWN_FAILURES = 50;

export function createTraceRecords(prisma: PrismaClient): TraceRecords {
  return {
    async list(filter, { limit, cursor }) {
      const rows = await prisma.trace.findMany({
        where: { AND: [where(filter), cursor === undefined ? {} : after(fromCursor(cursor))] },
        orderBy: [{ startedAt: 'desc' }, { traceId: 'desc' }],
        take: limit + 1,
        include: { signals: { select: { kind: true } } },
      });
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: rows.slice(0, limit).map(({ signals, ...trace }) => ({
          ...presented(trace),
          signals: [...new Set(signals.map(({ kind }) => kind))].toSorted(),
        })),
        nextCursor: last === undefined ? null : toCursor(last),
      };
    },

    async get(traceId) {
      const trace = await prisma.trace.findUnique({
        where: { traceId },
        include: {
          signals: { orderBy: { ordinal: 'asc' } },
          spans: { orderBy: [{ startUnixNano: 'asc' }, { spanId: 'asc' }], take: SHOWN_SPANS },
        },
      });
      if (trace === null) return undefined;
      const { spans: rows, signals, ...own } = trace;
      const spans = rows.map((row) => toSpan(row, own.originalTraceId));
      return {
        ...presented(own),
        assessed: own.assessedAt !== null,
        spans: asTree(spans).map(presentedSpan),
        spans_shown: spans.length,
        signals: signals.map(presentedSignal),
        injection_attempts: injectionsInSpans(spans).map((one) => presentRow({ ...one })),
        related_failures: await relatedFailures(prisma, own.target, signals),
      };
    },
  };
}

function where({
  target,
  service,
  model,
  format,
  hasErrors,
  signal,
  since,
  until,
}: TraceFilter): Prisma.TraceWhereInput {
  return {
    ...(target === undefined ? {} : { target }),
    ...(service === undefined ? {} : { service }),
    ...(model === undefined ? {} : { models: { has: model } }),
    ...(format === undefined ? {} : { format }),
    ...(hasErrors === undefined ? {} : { errorCount: hasErrors ? { gt: 0 } : 0 }),
    ...(signal === undefined ? {} : { signals: { some: { kind: signal } } }),
    startedAt: {
      ...(since === undefined ? {} : { gte: since }),
      ...(until === undefined ? {} : { lt: until }),
    },
  };
}

interface Place {
  readonly startedAt: Date;
  readonly traceId: string;
}

function after({ startedAt, traceId }: Place): Prisma.TraceWhereInput {
  return { OR: [{ startedAt: { lt: startedAt } }, { startedAt, traceId: { lt: traceId } }] };
}

function toCursor({ startedAt, traceId }: Place): string {
  return Buffer.from(`traces ${startedAt.toISOString()} ${traceId}`).toString('base64url');
}

function fromCursor(cursor: string): Place {
  const [of, time = '', traceId = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const startedAt = new Date(time);
  const isValid = of === 'traces' && /^[0-9a-f]{32}$/.test(traceId) && !Number.isNaN(startedAt.getTime());
  if (!isValid || toCursor({ startedAt, traceId }) !== cursor) {
    throw new DomainError('invalid_cursor', 'the cursor is not one of a list of traces');
  }
  return { startedAt, traceId };
}

function presented(trace: Trace): ApiRecord {
  return {
    trace_id: trace.traceId,
    original_trace_id: trace.originalTraceId,
    target: trace.target,
    format: trace.format,
    name: trace.name,
    service: trace.service,
    started_at: trace.startedAt.toISOString(),
    duration_ms: trace.durationMs,
    span_count: trace.spanCount,
    error_count: trace.errorCount,
    models: trace.models,
    ingested_at: trace.ingestedAt.toISOString(),
  };
}

interface Placed {
  readonly span: Span;
  readonly depth: number;
}

/** Each span after its parent; one whose parent is not there, or is below itself, stands at the top. */
function asTree(spans: readonly Span[]): readonly Placed[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    const parent = span.parentSpanId !== null && ids.has(span.parentSpanId) ? span.parentSpanId : '';
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [span]);
    else siblings.push(span);
  }
  const placed: Placed[] = [];
  const seen = new Set<string>();
  const place = (roots: readonly Span[]): void => {
    const waiting = roots.map((span) => ({ span, depth: 0 })).toReversed();
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next.span.spanId)) continue;
      seen.add(next.span.spanId);
      placed.push(next);
      const { depth } = next;
      const below = (children.get(next.span.spanId) ?? []).map((span) => ({ span, depth: depth + 1 }));
      waiting.push(...below.toReversed());
    }
  };
  place(children.get('') ?? []);
  for (const span of spans) if (!seen.has(span.spanId)) place([span]);
  return placed;
}

function presentedSpan({ span, depth }: Placed): ApiRecord {
  return {
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    original_span_id: span.originalSpanId,
    depth,
    name: span.name,
    kind: span.kind,
    // Nanoseconds are more than a number of JSON holds exactly.
    start_time_unix_nano: span.startTimeUnixNano.toString(),
    end_time_unix_nano: span.endTimeUnixNano?.toString() ?? null,
    status: span.status,
    status_message: span.statusMessage,
    attributes: shown(span.attributes),
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      time_unix_nano: timeUnixNano?.toString() ?? null,
      attributes: shown(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      trace_id: traceId,
      span_id: spanId,
      attributes: shown(attributes),
    })),
    resource: { attributes: shown(span.resource.attributes) },
    scope: span.scope,
    trace_state: span.traceState,
    source: span.source,
  };
}

/** As OTLP writes it in JSON: integers beyond 2^53 and what is no number as text, bytes in base64. */
function shown(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((each: AttributeValue) => shown(each));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(each)]));
}

function presentedSignal(signal: TraceSignal): ApiRecord {
  const { kind, failureType, severity, spanId, trigger, explanation, evidence } = signal;
  return { kind, failure_type: failureType, severity, span_id: spanId, trigger, explanation, evidence };
}

/** Failures that cycles found on the same target and that go by the same signature, or are of the same type. */
async function relatedFailures(
  prisma: PrismaClient,
  target: string,
  signals: readonly TraceSignal[],
): Promise<readonly ApiRecord[]> {
  if (signals.length === 0) return [];
  const types = [...new Set(signals.map(({ failureType }) => member(FAILURE_TYPES, failureType)))];
  const signatures = new Set(
    signals.map(({ failureType, trigger }) =>
      triggerSignature(target, member(FAILURE_TYPES, failureType), trigger),
    ),
  );
  const failures = await prisma.failure.findMany({
    where: { target, failureType: { in: types } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: SHOWN_FAILURES,
    select: {
      id: true,
      failureType: true,
      trigger: true,
      triggerSignature: true,
      severity: true,
      state: true,
    },
  });
  return failures.map(({ triggerSignature: signature, failureType, ...failure }) => ({
    ...failure,
    failure_type: failureType,
    same_trigger: signatures.has(signature),
  }));
}
