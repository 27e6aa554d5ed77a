import { FAILURE_STATES } from '../domain/failure';
import { SEVERITIES } from '../domain/severity';
import { member } from './columns';
import { counts, readDecisions, readRuns, readTrend, readVerdicts, toFailureLine } from './report-figures';
import type { ReportPeriod } from '../domain/report';
import type { BudgetLine, ExecutiveData, Listed } from '../ports/report-source';
import type { Transaction } from './client';
import type { FailureRow } from './report-figures';

const WORST = 10;
const BUDGETS = 50;

export async function readExecutive(tx: Transaction, period: ReportPeriod): Promise<ExecutiveData> {
  const { runsByOutcome } = await readRuns(tx, period);
  return {
    ...(await readWork(tx, period)),
    runsByOutcome,
    ...(await readFound(tx, period)),
    ...(await readOpen(tx, period)),
    simulationsByVerdict: await readVerdicts(tx, period),
    ...(await readControls(tx, period)),
    decisions: await readDecisions(tx, period),
    spent: await readSpent(tx, period),
    budgets: await readBudgets(tx, period),
    trend: await readTrend(tx, period),
  };
}

async function readWork(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Pick<ExecutiveData, 'cyclesByState' | 'experimentsByState'>> {
  return {
    cyclesByState: counts(
      await tx.$queryRaw`
        SELECT state AS name, count(*)::int AS n FROM research_cycles
        WHERE created_at >= ${since} AND created_at < ${until} GROUP BY 1 ORDER BY 1`,
    ),
    experimentsByState: counts(
      await tx.$queryRaw`
        SELECT state AS name, count(*)::int AS n FROM experiments
        WHERE created_at >= ${since} AND created_at < ${until} GROUP BY 1 ORDER BY 1`,
    ),
  };
}

async function readFound(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Pick<ExecutiveData, 'failures' | 'failuresByNovelty'>> {
  const rows = await tx.$queryRaw<{ severity: string; state: string; novelty: string; n: number }[]>`
    SELECT severity, state, novelty, count(*)::int AS n FROM failures
    WHERE created_at >= ${since} AND created_at < ${until} GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3`;
  const byNovelty: Record<string, number> = {};
  for (const { novelty, n } of rows) byNovelty[novelty] = (byNovelty[novelty] ?? 0) + n;
  return {
    failures: rows.map(({ severity, state, n }) => ({
      severity: member(SEVERITIES, severity),
      state: member(FAILURE_STATES, state),
      count: n,
    })),
    failuresByNovelty: byNovelty,
  };
}

/** A signature counts by its latest failure on the target: the earlier ones went over into it. */
async function readOpen(
  tx: Transaction,
  { until }: ReportPeriod,
): Promise<Pick<ExecutiveData, 'open' | 'worst'>> {
  const open = await tx.$queryRaw<
    { severity: string; count: number; failed: number; assessed: number; low: number; high: number }[]
  >`
    WITH latest AS (
      SELECT DISTINCT ON (target, trigger_signature) * FROM failures WHERE created_at < ${until}
      ORDER BY target, trigger_signature, created_at DESC, id DESC
    )
    SELECT severity, count(*)::int AS count,
      (array_agg(failed_runs ORDER BY failed_runs::float8 / assessed_runs DESC, assessed_runs DESC))[1] AS failed,
      (array_agg(assessed_runs ORDER BY failed_runs::float8 / assessed_runs DESC, assessed_runs DESC))[1] AS assessed,
      max(wilson_low) AS low, max(wilson_high) AS high
    FROM latest WHERE state = 'open' AND assessed_runs > 0 GROUP BY severity ORDER BY severity DESC`;
  const worst = await tx.$queryRaw<FailureRow[]>`
    WITH latest AS (
      SELECT DISTINCT ON (target, trigger_signature) * FROM failures WHERE created_at < ${until}
      ORDER BY target, trigger_signature, created_at DESC, id DESC
    )
    SELECT id, cycle_id, target, failure_class, failure_type, severity, trigger, state, novelty, failed_runs,
      assessed_runs, wilson_low, wilson_high, created_at
    FROM latest WHERE state = 'open' ORDER BY severity DESC, wilson_low DESC, id LIMIT ${WORST}`;
  return {
    open: open.map(({ severity, count, failed, assessed, low, high }) => ({
      severity: member(SEVERITIES, severity),
      count,
      failedRuns: failed,
      assessedRuns: assessed,
      low,
      high,
    })),
    worst: worst.map(toFailureLine),
  };
}

async function readControls(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<
  Pick<
    ExecutiveData,
    'deploymentsPublished' | 'deploymentsRolledBack' | 'approvalsRequested' | 'approvalsPending'
  >
> {
  const published = await tx.$queryRaw<{ name: string; n: number }[]>`
    SELECT channel AS name, count(*)::int AS n FROM deployments
    WHERE published_at >= ${since} AND published_at < ${until} GROUP BY 1 ORDER BY 1`;
  const rolledBack = await tx.deployment.count({
    where: { state: 'rolled_back', endedAt: { gte: since, lt: until } },
  });
  const inPeriod = { createdAt: { gte: since, lt: until } };
  return {
    deploymentsPublished: counts(published),
    deploymentsRolledBack: rolledBack,
    approvalsRequested: await tx.approval.count({ where: inPeriod }),
    approvalsPending: await tx.approval.count({ where: { state: 'pending' } }),
  };
}

async function readSpent(tx: Transaction, { since, until }: ReportPeriod): Promise<ExecutiveData['spent']> {
  return tx.$queryRaw<ExecutiveData['spent'][number][]>`
    SELECT source, coalesce(sum(settled_micro_usd), 0)::float8 AS "settledMicroUsd",
      coalesce(sum(settled_micro_usd) FILTER (WHERE state = 'unknown'), 0)::float8 AS "unknownMicroUsd",
      count(*)::int AS calls
    FROM cost_ledger WHERE created_at >= ${since} AND created_at < ${until} AND settled_micro_usd IS NOT NULL
    GROUP BY source ORDER BY 2 DESC, source`;
}

/** Of the whole and of targets: their periods that began in the period of the report, and those it began in. */
async function readBudgets(tx: Transaction, { since, until }: ReportPeriod): Promise<Listed<BudgetLine>> {
  const rows = await tx.$queryRaw<(BudgetLine & { readonly total: number })[]>`
    SELECT b.scope, b.period, p.period_start AS "periodStart", b.limit_micro_usd::float8 AS "limitMicroUsd",
      b.hard_limit AS "hardLimit", p.settled_micro_usd::float8 AS "settledMicroUsd",
      p.reserved_micro_usd::float8 AS "reservedMicroUsd", p.overrun, count(*) OVER ()::int AS total
    FROM budgets b JOIN budget_periods p ON p.budget_id = b.id
    WHERE (b.scope = 'global' OR b.scope LIKE 'target:%') AND p.period_start < ${until}
      AND (p.period_start >= ${since} OR p.period_start = (
        SELECT max(q.period_start) FROM budget_periods q WHERE q.budget_id = b.id AND q.period_start < ${since}))
    ORDER BY p.period_start DESC, b.scope LIMIT ${BUDGETS}`;
  return { rows: rows.map(({ total: _total, ...line }) => line), total: rows[0]?.total ?? 0 };
}
