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
import type { TraceStore } from '../ports/trace-store';
import type { Database, PrismaClient, Transaction } from './client';
import { fromJson, member, storableInput } from './columns';
import type {
  Prisma,
  Span as SpanRow,
  Trace as TraceRow,
  TraceSignal as SignalRow,
} from './generated/client';
import { saveSpans } from './span-writer';
import { toSpan } from './trace-rows';
import { storableString } from './trace-values';

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

/** Traces and their spans. */
export function createTraceStore({ prisma, pool }: Database): TraceStore {
  return {
    save: (target, spans) => saveSpans(pool, target, spans),

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
