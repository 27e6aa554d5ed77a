import { SEVERITIES } from '../domain/severity';
import { fromJson, member } from './columns';
import { counts, readRuns, readTrend, readVerdicts, toFailureLine, type FailureRow } from './report-figures';
import type { Evidence } from '../domain/experiment';
import type { ReportPeriod } from '../domain/report';
import type { SimulationResult } from '../domain/simulation';
import type { FollowUpReport } from '../domain/trigger-report';
import type {
  FailureDetail,
  FailureLine,
  FailurePattern,
  InterventionLine,
  Listed,
  TechnicalData,
} from '../ports/report-source';
import type { Transaction } from './client';
import type { Prisma } from './generated/client';

/** Failures in full, with evidence and stimulus. */
const DETAILED = 100;
/** Failures in one line each. */
const LINES = 10_000;
const PATTERNS = 200;
const INTERVENTIONS = 1_000;
const RUNS_OF_A_FAILURE = 5;

export async function readTechnical(tx: Transaction, period: ReportPeriod): Promise<TechnicalData> {
  const details = await readDetails(tx, period);
  const shown = details.rows.map(({ id }) => id);
  return {
    ...(await readRuns(tx, period)),
    ...(await readFailureCounts(tx, period)),
    patterns: await readPatterns(tx, period),
    details,
    lines: await readLines(tx, period),
    detailInterventions: await readInterventionsOf(tx, shown),
    interventions: await readInterventions(tx, period),
    simulationsByVerdict: await readVerdicts(tx, period),
    trend: await readTrend(tx, period),
  };
}

async function readFailureCounts(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Pick<TechnicalData, 'failuresBySeverity' | 'failuresByNovelty'>> {
  return {
    failuresBySeverity: counts(
      await tx.$queryRaw`
        SELECT severity AS name, count(*)::int AS n FROM failures
        WHERE created_at >= ${since} AND created_at < ${until} GROUP BY 1 ORDER BY 1 DESC`,
    ),
    failuresByNovelty: counts(
      await tx.$queryRaw`
        SELECT novelty AS name, count(*)::int AS n FROM failures
        WHERE created_at >= ${since} AND created_at < ${until} GROUP BY 1 ORDER BY 1`,
    ),
  };
}

async function readPatterns(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Listed<FailurePattern>> {
  type Row = Omit<FailurePattern, 'worst'> & { readonly worst: string; readonly total: number };
  const rows = await tx.$queryRaw<Row[]>`
    SELECT failure_type AS "failureType", failure_class AS "failureClass", count(*)::int AS count,
      count(*) FILTER (WHERE state = 'open')::int AS open, max(severity) AS worst,
      count(DISTINCT target)::int AS targets, sum(failed_runs)::int AS "failedRuns",
      sum(assessed_runs)::int AS "assessedRuns", count(*) OVER ()::int AS total
    FROM failures WHERE created_at >= ${since} AND created_at < ${until}
    GROUP BY failure_type, failure_class ORDER BY worst DESC, count DESC, failure_type LIMIT ${PATTERNS}`;
  return {
    rows: rows.map(({ total: _total, worst, ...row }) => ({ ...row, worst: member(SEVERITIES, worst) })),
    total: rows[0]?.total ?? 0,
  };
}

async function readLines(tx: Transaction, { since, until }: ReportPeriod): Promise<Listed<FailureLine>> {
  const rows = await tx.$queryRaw<(FailureRow & { readonly total: number })[]>`
    SELECT id, cycle_id, target, failure_class, failure_type, severity, trigger, state, novelty, failed_runs,
      assessed_runs, wilson_low, wilson_high, created_at, count(*) OVER ()::int AS total
    FROM failures WHERE created_at >= ${since} AND created_at < ${until}
    ORDER BY severity DESC, wilson_low DESC, id LIMIT ${LINES}`;
  return { rows: rows.map(toFailureLine), total: rows[0]?.total ?? 0 };
}

interface DetailRow extends FailureRow {
  readonly severity_reason: string;
  readonly description: string;
  readonly root_cause: string;
  readonly impact_reason: string;
  readonly assessed_by: string;
  readonly evidence: Prisma.JsonValue;
  readonly run_ids: readonly string[];
  readonly follow_up: Prisma.JsonValue;
  readonly total: number;
}

async function readDetails(tx: Transaction, { since, until }: ReportPeriod): Promise<Listed<FailureDetail>> {
  const rows = await tx.$queryRaw<DetailRow[]>`
    WITH worst AS (
      SELECT *, count(*) OVER ()::int AS total FROM failures
      WHERE created_at >= ${since} AND created_at < ${until}
      ORDER BY severity DESC, wilson_low DESC, id LIMIT ${DETAILED}
    )
    SELECT w.*, f.result AS follow_up, ARRAY(
        SELECT fr.run_id::text FROM failure_runs fr JOIN experiment_runs r ON r.id = fr.run_id
        WHERE fr.failure_id = w.id ORDER BY r.ordinal LIMIT ${RUNS_OF_A_FAILURE}
      ) AS run_ids
    FROM worst w LEFT JOIN follow_ups f ON f.failure_id = w.id AND f.state = 'done'
    ORDER BY w.severity DESC, w.wilson_low DESC, w.id`;
  return { rows: rows.map(toDetail), total: rows[0]?.total ?? 0 };
}

function toDetail(row: DetailRow): FailureDetail {
  return {
    ...toFailureLine(row),
    severityReason: row.severity_reason,
    description: row.description,
    rootCause: row.root_cause,
    impactReason: row.impact_reason,
    assessedBy: row.assessed_by,
    evidence: fromJson<Evidence[]>(row.evidence),
    runIds: row.run_ids,
    followUp: row.follow_up === null ? null : fromJson<FollowUpReport>(row.follow_up),
  };
}

interface InterventionRow {
  readonly id: string;
  readonly failure_id: string;
  readonly type: string;
  readonly name: string;
  readonly risk_tier: string;
  readonly simulation_id: string | null;
  readonly simulation_state: string | null;
  readonly result: Prisma.JsonValue;
}

async function readInterventionsOf(
  tx: Transaction,
  failureIds: readonly string[],
): Promise<readonly InterventionLine[]> {
  const rows = await tx.$queryRaw<InterventionRow[]>`
    SELECT i.id, i.failure_id, i.type, i.name, i.risk_tier, s.id AS simulation_id, s.state AS simulation_state, s.result
    FROM interventions i LEFT JOIN LATERAL (
      SELECT id, state, result FROM simulations WHERE intervention_id = i.id
      ORDER BY (result IS NULL), created_at DESC, id DESC LIMIT 1
    ) s ON true
    WHERE i.failure_id = ANY(${failureIds}::uuid[]) ORDER BY i.failure_id, i.ordinal`;
  return rows.map(toIntervention);
}

async function readInterventions(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Listed<InterventionLine>> {
  const rows = await tx.$queryRaw<(InterventionRow & { readonly total: number })[]>`
    SELECT i.id, i.failure_id, i.type, i.name, i.risk_tier, s.id AS simulation_id, s.state AS simulation_state, s.result,
      i.total
    FROM (
      SELECT *, count(*) OVER ()::int AS total FROM interventions
      WHERE created_at >= ${since} AND created_at < ${until} ORDER BY created_at DESC, id LIMIT ${INTERVENTIONS}
    ) i LEFT JOIN LATERAL (
      SELECT id, state, result FROM simulations WHERE intervention_id = i.id
      ORDER BY (result IS NULL), created_at DESC, id DESC LIMIT 1
    ) s ON true
    ORDER BY i.created_at DESC, i.id`;
  return { rows: rows.map(toIntervention), total: rows[0]?.total ?? 0 };
}

function toIntervention(row: InterventionRow): InterventionLine {
  return {
    id: row.id,
    failureId: row.failure_id,
    simulationId: row.simulation_id,
    type: row.type,
    name: row.name,
    riskTier: row.risk_tier,
    result: row.result === null ? null : fromJson<SimulationResult>(row.result),
    simulationState: row.simulation_state,
  };
}
