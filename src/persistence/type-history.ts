import type { TypeHistory } from '../domain/memory';
import { FAILURE_TYPES } from '../domain/taxonomy';
import type { PrismaClient } from './client';
import { member } from './columns';

/** Older cycles of a target are not looked at. */
export const REMEMBERED_CYCLES = 500;

interface SeenRow {
  readonly failure_type: string;
  readonly experiments: number;
  readonly assessed: number;
  readonly failed: number;
  /** Whole days. */
  readonly age: number;
  /** Of all runs in the cycle, in micro-USD. */
  readonly paid: number;
  readonly runs: number;
  /** Whether it was before a failure of the type was resolved. */
  readonly is_past: boolean;
}

/** What is asked of the history of a target. */
export interface HistoryQuery {
  readonly target: string;
  readonly exceptCycleId: string;
  /** Nothing that began later is looked at; ages are counted from here. */
  readonly asOf: Date;
}

/** What the latest cycles saw on the target, by the type of failure their experiments sought; only experiments begun. */
export async function readTypeHistory(
  prisma: PrismaClient,
  { target, exceptCycleId, asOf }: HistoryQuery,
): Promise<readonly TypeHistory[]> {
  const rows = await prisma.$queryRaw<SeenRow[]>`
    SELECT e.failure_type, count(DISTINCT e.id)::int AS experiments,
           (count(*) FILTER (WHERE r.outcome IN ('failed', 'held')))::int AS assessed,
           (count(*) FILTER (WHERE r.outcome = 'failed'))::int AS failed,
           floor(extract(epoch FROM ${asOf}::timestamptz - min(e.started_at)) / 86400)::int AS age,
           coalesce(sum(r.cost_micro_usd), 0)::float8 AS paid, count(r.id)::int AS runs,
           bool_or(e.started_at < resolved.at) IS TRUE AS is_past
    FROM (
      SELECT id FROM research_cycles WHERE target = ${target} AND id <> ${exceptCycleId}::uuid
      ORDER BY created_at DESC LIMIT ${REMEMBERED_CYCLES}
    ) AS c
    JOIN experiments e ON e.cycle_id = c.id AND e.started_at <= ${asOf}
    LEFT JOIN experiment_runs r ON r.experiment_id = e.id AND r.ended_at <= ${asOf}
    LEFT JOIN (
      SELECT failure_type, max(state_changed_at) AS at FROM failures
      WHERE target = ${target} AND state = 'resolved' AND state_changed_at <= ${asOf} GROUP BY failure_type
    ) AS resolved ON resolved.failure_type = e.failure_type
    GROUP BY e.failure_type, e.cycle_id ORDER BY e.failure_type, age`;
  const types = [...new Set(rows.map((row) => row.failure_type))];
  return types.map((type) => historyOf(type, rows));
}

function historyOf(type: string, all: readonly SeenRow[]): TypeHistory {
  const rows = all.filter((row) => row.failure_type === type);
  const sum = (figure: 'experiments' | 'assessed' | 'failed' | 'paid' | 'runs'): number =>
    rows.reduce((total, row) => total + row[figure], 0);
  return {
    failureType: member(FAILURE_TYPES, type),
    experiments: sum('experiments'),
    assessedRuns: sum('assessed'),
    failedRuns: sum('failed'),
    observations: rows
      .filter(({ is_past: isPast, assessed }) => !isPast && assessed > 0)
      .map(({ failed, assessed, age }) => ({ failed, held: assessed - failed, age })),
    runMicroUsd: sum('paid') > 0 ? sum('paid') / sum('runs') : null,
  };
}
