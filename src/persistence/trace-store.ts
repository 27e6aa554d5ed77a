import type { Detector } from '../domain/detector';
import { SEVERITIES } from '../domain/severity';
import { FAILURE_TYPES } from '../domain/taxonomy';
import { Trace } from '../domain/trace';
import {
  SIGNAL_KINDS,
  type SignalEvidence,
  type TraceAssessment,
  type TraceSignal,
} from '../domain/trace-signal';
import type { SpanToStore, StoredSpans, TraceStore } from '../ports/trace-store';
import type { PrismaClient, Transaction } from './client';
import { fromJson, member, storableInput } from './columns';
import type {
  Prisma,
  Span as SpanRow,
  Trace as TraceRow,
  TraceSignal as SignalRow,
} from './generated/client';
import { spanRow, toSpan } from './trace-rows';
import { storableString } from './trace-values';

/** So much JSON goes into one statement. */
const BATCH_BYTES = 4 * 1_024 * 1_024;
const BATCH_SPANS = 2_000;
const SAVE_TIMEOUT_MS = 60_000;

const READING_ORDER = {
  orderBy: [{ startUnixNano: 'asc' }, { spanId: 'asc' }],
} satisfies Prisma.Trace$spansArgs;

function toTrace({
  traceId,
  originalTraceId,
  spans,
}: TraceRow & { readonly spans: readonly SpanRow[] }): Trace {
  return new Trace(
    traceId,
    spans.map((row) => toSpan(row, originalTraceId)),
  );
}

/** Traces and their spans. Spans are inserted by the set, as one parameter a statement. */
export function createTraceStore(prisma: PrismaClient): TraceStore {
  return {
    save: (target, spans) =>
      prisma.$transaction((tx) => save(tx, target, spans), {
        timeout: SAVE_TIMEOUT_MS,
        maxWait: SAVE_TIMEOUT_MS,
      }),

    async known(traceIds) {
      const rows = await prisma.trace.findMany({
        where: { traceId: { in: [...traceIds] } },
        select: { traceId: true },
      });
      return new Set(rows.map(({ traceId }) => traceId));
    },

    async read(traceId) {
      const row = await prisma.trace.findUnique({ where: { traceId }, include: { spans: READING_ORDER } });
      return row === null ? undefined : toTrace(row);
    },

    async unassessed(quietMs, limit) {
      const rows = await prisma.trace.findMany({
        where: { assessedAt: null, updatedAt: { lt: new Date(Date.now() - quietMs) } },
        orderBy: { updatedAt: 'asc' },
        take: limit,
        include: { spans: READING_ORDER },
      });
      return rows.map((row) => ({ trace: toTrace(row), target: row.target, updatedAt: row.updatedAt }));
    },

    async recent(target, limit) {
      const rows = await prisma.trace.findMany({
        where: { target },
        orderBy: [{ startedAt: 'desc' }, { traceId: 'desc' }],
        take: limit,
        include: { spans: READING_ORDER },
      });
      return rows.map(toTrace);
    },

    saveAssessment: (assessment, updatedAt) =>
      prisma.$transaction((tx) => saveAssessment(tx, assessment, updatedAt)),

    async signalsOf(traceId) {
      const rows = await prisma.traceSignal.findMany({ where: { traceId }, orderBy: { ordinal: 'asc' } });
      return rows.map(toSignal);
    },

    assessments: (...asked) => assessments(prisma, ...asked),

    deleteBefore: (before, limit) => prisma.$executeRaw`
      DELETE FROM traces WHERE trace_id IN (
        SELECT trace_id FROM traces WHERE started_at < ${before} ORDER BY started_at LIMIT ${limit})`,
  };
}

async function assessments(
  prisma: PrismaClient,
  ...[target, since, limit]: Parameters<TraceStore['assessments']>
): Promise<readonly TraceAssessment[]> {
  const rows = await prisma.trace.findMany({
    where: { target, startedAt: { gte: since }, assessedAt: { not: null } },
    orderBy: [{ startedAt: 'desc' }, { traceId: 'desc' }],
    take: limit,
    select: {
      traceId: true,
      signals: { orderBy: { ordinal: 'asc' } },
      exposures: { orderBy: [{ kind: 'asc' }, { scope: 'asc' }] },
    },
  });
  return rows.map(({ traceId, signals, exposures }) => ({
    traceId,
    signals: signals.map(toSignal),
    exposures: exposures.map(({ kind, scope }) => ({ kind: member(SIGNAL_KINDS, kind), scope })),
  }));
}

async function save(tx: Transaction, target: string, spans: readonly SpanToStore[]): Promise<StoredSpans> {
  let stored = 0;
  for (const batch of batches(distinct(spans))) stored += await insertSpans(tx, batch);
  if (spans.length > 0) await bringUpToDate(tx, target, spans);
  return { stored, duplicates: spans.length - stored };
}

/** One of each span: the one that has ended, where there is one. */
function distinct(spans: readonly SpanToStore[]): readonly SpanToStore[] {
  const one = new Map<string, SpanToStore>();
  for (const each of spans) {
    const { traceId, spanId } = each.span;
    const key = `${traceId}${spanId}`;
    const before = one.get(key);
    if (before === undefined || before.span.endTimeUnixNano === null) one.set(key, each);
  }
  return one.size === spans.length ? spans : [...one.values()];
}

function* batches(spans: readonly SpanToStore[]): Generator<string> {
  let rows: string[] = [];
  let bytes = 0;
  for (const span of spans) {
    const row = JSON.stringify(spanRow(span));
    rows.push(row);
    bytes += row.length;
    if (rows.length < BATCH_SPANS && bytes < BATCH_BYTES) continue;
    yield `[${rows.join(',')}]`;
    [rows, bytes] = [[], 0];
  }
  if (rows.length > 0) yield `[${rows.join(',')}]`;
}

/**
 * Their traces need not be there before the end of the transaction. A span that was stored while it was in progress is
 * replaced by itself at its end.
 */
function insertSpans(tx: Transaction, rows: string): Promise<number> {
  return tx.$executeRaw`
    INSERT INTO spans (trace_id, span_id, parent_span_id, name, kind, start_unix_nano, end_unix_nano, status_code,
      status_message, attributes, events, links, resource, original_span_id, scope, trace_state, model, format, position)
    SELECT trace_id, span_id, parent_span_id, name, kind, start_unix_nano, end_unix_nano, status_code,
      status_message, attributes, events, links, resource, original_span_id, scope, trace_state, model, format, position
    FROM jsonb_to_recordset(${rows}::jsonb) AS r(trace_id text, span_id text, parent_span_id text, name text,
      kind text, start_unix_nano bigint, end_unix_nano bigint, status_code text, status_message text,
      attributes jsonb, events jsonb, links jsonb, resource jsonb, original_span_id text, scope jsonb,
      trace_state text, model text, format text, position text)
    ON CONFLICT (trace_id, span_id) DO UPDATE SET
      parent_span_id = excluded.parent_span_id, name = excluded.name, kind = excluded.kind,
      start_unix_nano = excluded.start_unix_nano, end_unix_nano = excluded.end_unix_nano,
      status_code = excluded.status_code, status_message = excluded.status_message,
      attributes = excluded.attributes, events = excluded.events, links = excluded.links,
      resource = excluded.resource, scope = excluded.scope, model = excluded.model, position = excluded.position
    WHERE spans.end_unix_nano IS NULL AND excluded.end_unix_nano IS NOT NULL`;
}

/** The figures of the traces from all their spans, in the order of their ids: writers do not wait for each other in a circle. */
async function bringUpToDate(tx: Transaction, target: string, spans: readonly SpanToStore[]): Promise<void> {
  const traces = new Map<
    string,
    { trace_id: string; original_trace_id: string | null; service: string | null; format: string }
  >();
  for (const { span, service } of spans) {
    const before = traces.get(span.traceId);
    traces.set(span.traceId, {
      trace_id: span.traceId,
      original_trace_id: before?.original_trace_id ?? storableOrNull(span.originalTraceId),
      service: before?.service ?? storableOrNull(service),
      format: before?.format ?? span.source.format,
    });
  }
  await tx.$executeRaw`
    INSERT INTO traces (trace_id, format, target, original_trace_id, service, name, started_at, duration_ms,
      span_count, error_count, models)
    SELECT r.trace_id, r.format, ${target}, r.original_trace_id, r.service, figures.name,
      to_timestamp(figures.started / 1e9), (figures.ended - figures.started) / 1e6,
      figures.spans, figures.errors, figures.models
    FROM jsonb_to_recordset(${JSON.stringify([...traces.values()])}::jsonb)
      AS r(trace_id text, original_trace_id text, service text, format text)
    CROSS JOIN LATERAL (
      SELECT min(start_unix_nano) AS started, max(coalesce(end_unix_nano, start_unix_nano)) AS ended,
        count(*)::int AS spans, (count(*) FILTER (WHERE status_code = 'error'))::int AS errors,
        coalesce(array_agg(DISTINCT model) FILTER (WHERE model IS NOT NULL), '{}') AS models,
        (array_agg(name ORDER BY parent_span_id IS NOT NULL, start_unix_nano, span_id))[1] AS name
      FROM spans WHERE spans.trace_id = r.trace_id) AS figures
    ORDER BY r.trace_id
    ON CONFLICT (trace_id) DO UPDATE SET
      original_trace_id = coalesce(traces.original_trace_id, excluded.original_trace_id),
      service = coalesce(traces.service, excluded.service),
      name = excluded.name, started_at = excluded.started_at, duration_ms = excluded.duration_ms,
      updated_at = CASE WHEN (traces.span_count, traces.error_count, traces.duration_ms)
          IS DISTINCT FROM (excluded.span_count, excluded.error_count, excluded.duration_ms)
        THEN clock_timestamp() ELSE traces.updated_at END,
      assessed_at = CASE WHEN (traces.span_count, traces.error_count, traces.duration_ms)
          IS NOT DISTINCT FROM (excluded.span_count, excluded.error_count, excluded.duration_ms)
        THEN traces.assessed_at END,
      span_count = excluded.span_count, error_count = excluded.error_count, models = excluded.models`;
}

async function saveAssessment(
  tx: Transaction,
  { traceId, signals, exposures }: TraceAssessment,
  updatedAt: Date,
): Promise<void> {
  const changed = await tx.$executeRaw`
    UPDATE traces SET assessed_at = clock_timestamp()
    WHERE trace_id = ${traceId} AND date_trunc('milliseconds', updated_at) = ${updatedAt}`;
  if (changed === 0) return;
  await tx.traceSignal.deleteMany({ where: { traceId } });
  await tx.traceExposure.deleteMany({ where: { traceId } });
  await tx.traceSignal.createMany({
    data: signals.map((signal, ordinal) => ({
      traceId,
      ordinal,
      kind: signal.kind,
      failureType: signal.failureType,
      severity: signal.severity,
      spanId: signal.spanId,
      trigger: storableString(signal.trigger),
      scope: storableString(signal.scope),
      explanation: storableString(signal.explanation),
      evidence: signal.evidence.map(({ spanId, where, quote, explanation }) => ({
        spanId,
        where: storableString(where),
        quote: storableString(quote),
        explanation: storableString(explanation),
      })),
      ...oracleOf(signal),
    })),
  });
  await tx.traceExposure.createMany({
    data: exposures.map(({ kind, scope }) => ({ traceId, kind, scope: storableString(scope) })),
    skipDuplicates: true,
  });
}

function oracleOf({ oracle }: TraceSignal): { readonly oracle?: Prisma.InputJsonValue } {
  const stored = storableInput(oracle ?? null);
  return stored === undefined ? {} : { oracle: stored };
}

function toSignal(row: SignalRow): TraceSignal {
  const [first, ...others] = fromJson<readonly SignalEvidence[]>(row.evidence);
  if (first === undefined) throw new Error(`signal ${row.ordinal} of trace ${row.traceId} has no evidence`);
  return {
    kind: member(SIGNAL_KINDS, row.kind),
    failureType: member(FAILURE_TYPES, row.failureType),
    severity: member(SEVERITIES, row.severity),
    traceId: row.traceId,
    spanId: row.spanId,
    trigger: row.trigger,
    scope: row.scope,
    explanation: row.explanation,
    evidence: [first, ...others],
    ...(row.oracle === null ? {} : { oracle: fromJson<Detector>(row.oracle) }),
  };
}

function storableOrNull(text: string | null): string | null {
  return text === null ? null : storableString(text);
}
