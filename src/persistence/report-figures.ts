import { FAILURE_STATES, NOVELTIES } from '../domain/failure';
import { trendStep } from '../domain/report-period';
import { SEVERITIES } from '../domain/severity';
import { FAILURE_TYPES } from '../domain/taxonomy';
import { member } from './columns';
import type { ReportPeriod } from '../domain/report';
import type { Counts, DecisionFigures, FailureLine, TrendPoint } from '../ports/report-source';
import type { Transaction } from './client';

/** Counts of a query that answers with `name` and `n`. */
export function counts(rows: readonly { readonly name: string; readonly n: number }[]): Counts {
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

/** What became of the runs of experiments that began in a period, and why some could not be assessed. */
export async function readRuns(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<{ readonly runsByOutcome: Counts; readonly unassessedByReason: Counts }> {
  const rows = await tx.$queryRaw<{ outcome: string; reason: string; n: number }[]>`
    SELECT r.outcome, CASE WHEN r.outcome = 'unassessed' THEN coalesce(r.reason, 'unknown') ELSE '' END AS reason,
      count(*)::int AS n
    FROM experiments e JOIN experiment_runs r ON r.experiment_id = e.id
    WHERE e.started_at >= ${since} AND e.started_at < ${until}
    GROUP BY 1, 2 ORDER BY 1, 2`;
  const byOutcome: Record<string, number> = {};
  for (const { outcome, n } of rows) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + n;
  return {
    runsByOutcome: byOutcome,
    unassessedByReason: counts(
      rows.filter(({ outcome }) => outcome === 'unassessed').map(({ reason, n }) => ({ name: reason, n })),
    ),
  };
}

/** Decisions made in a period, and how long they took. */
export async function readDecisions(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<readonly DecisionFigures[]> {
  return tx.$queryRaw<DecisionFigures[]>`
    SELECT d.decision, d.via, count(*)::int AS count,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY took.seconds)::float8 AS "medianSeconds",
      percentile_cont(0.9) WITHIN GROUP (ORDER BY took.seconds)::float8 AS "p90Seconds"
    FROM approval_decisions d JOIN approvals a ON a.id = d.approval_id
    CROSS JOIN LATERAL (SELECT greatest(0, extract(epoch FROM d.decided_at - a.created_at)) AS seconds) took
    WHERE d.decided_at >= ${since} AND d.decided_at < ${until}
    GROUP BY d.decision, d.via ORDER BY d.decision, d.via`;
}

/** Replays that ended in a period, by verdict; those without one by their state. */
export async function readVerdicts(tx: Transaction, { since, until }: ReportPeriod): Promise<Counts> {
  return counts(
    await tx.$queryRaw`
      SELECT coalesce(verdict, state) AS name, count(*)::int AS n FROM simulations
      WHERE ended_at >= ${since} AND ended_at < ${until} GROUP BY 1 ORDER BY 1`,
  );
}

/** Day by day or week by week; nothing where nothing happened. */
export async function readTrend(tx: Transaction, period: ReportPeriod): Promise<readonly TrendPoint[]> {
  const { since, until } = period;
  return tx.$queryRaw<TrendPoint[]>`
    WITH happened AS (
      SELECT created_at AS at, severity AS what, 1::float8 AS amount FROM failures
        WHERE created_at >= ${since} AND created_at < ${until}
      UNION ALL SELECT created_at, 'cycles', 1 FROM research_cycles
        WHERE created_at >= ${since} AND created_at < ${until}
      UNION ALL SELECT decided_at, decision, 1 FROM approval_decisions
        WHERE decided_at >= ${since} AND decided_at < ${until}
      UNION ALL SELECT created_at, 'spent_micro_usd', settled_micro_usd FROM cost_ledger
        WHERE created_at >= ${since} AND created_at < ${until} AND settled_micro_usd IS NOT NULL
    )
    SELECT to_char(date_trunc(${trendStep(period)}, at AT TIME ZONE 'UTC'), 'YYYY-MM-DD') AS "column", what,
      sum(amount)::float8 AS amount
    FROM happened GROUP BY 1, 2 ORDER BY 1, 2`;
}

/** A row of failures as PostgreSQL answers with it. */
export interface FailureRow {
  readonly id: string;
  readonly cycle_id: string;
  readonly target: string;
  readonly failure_class: string;
  readonly failure_type: string;
  readonly severity: string;
  readonly trigger: string;
  readonly state: string;
  readonly novelty: string;
  readonly failed_runs: number;
  readonly assessed_runs: number;
  readonly wilson_low: number;
  readonly wilson_high: number;
  readonly created_at: Date;
}

export function toFailureLine(row: FailureRow): FailureLine {
  return {
    id: row.id,
    cycleId: row.cycle_id,
    target: row.target,
    failureClass: row.failure_class,
    failureType: member(FAILURE_TYPES, row.failure_type),
    severity: member(SEVERITIES, row.severity),
    trigger: row.trigger,
    state: member(FAILURE_STATES, row.state),
    novelty: member(NOVELTIES, row.novelty),
    failedRuns: row.failed_runs,
    assessedRuns: row.assessed_runs,
    low: row.wilson_low,
    high: row.wilson_high,
    createdAt: row.created_at,
  };
}
