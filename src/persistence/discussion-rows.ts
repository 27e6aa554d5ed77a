import type { DiscussedKind, DiscussedRecord } from '../domain/discussion';
import type { Evidence } from '../domain/experiment';
import { FAILURE_STATES, NOVELTIES } from '../domain/failure';
import { SEVERITIES } from '../domain/severity';
import type { SimulationResult } from '../domain/simulation';
import type { PrismaClient } from './client';
import { fromJson, member, money } from './columns';
import type { Prisma } from './generated/client';

/** Reads records of one kind by id, in any order; ids that nothing has are left out. */
type Reader = (prisma: PrismaClient, ids: readonly string[]) => Promise<readonly DiscussedRecord[]>;

export const DISCUSSED_READERS: Readonly<Record<DiscussedKind, Reader>> = {
  failure: readFailures,
  intervention: readInterventions,
  simulation: readSimulations,
  cycle: readCycles,
  approval: readApprovals,
  budget: readBudgets,
};

const MAX_QUOTES = 3;

async function readFailures(
  prisma: PrismaClient,
  ids: readonly string[],
): Promise<readonly DiscussedRecord[]> {
  const rows = await prisma.failure.findMany({ where: { id: { in: [...ids] } } });
  return rows.map((row) => ({
    kind: 'failure',
    id: row.id,
    cycleId: row.cycleId,
    target: row.target,
    failureClass: row.failureClass,
    failureType: row.failureType,
    severity: member(SEVERITIES, row.severity),
    severityReason: row.severityReason,
    state: member(FAILURE_STATES, row.state),
    novelty: member(NOVELTIES, row.novelty),
    failedRuns: row.failedRuns,
    assessedRuns: row.assessedRuns,
    low: row.wilsonLow,
    high: row.wilsonHigh,
    trigger: row.trigger,
    description: row.description,
    rootCause: row.rootCause,
    impactReason: row.impactReason,
    quotes: fromJson<readonly Evidence[]>(row.evidence)
      .slice(0, MAX_QUOTES)
      .map(({ quote }) => quote),
    createdAt: row.createdAt,
  }));
}

async function readInterventions(
  prisma: PrismaClient,
  ids: readonly string[],
): Promise<readonly DiscussedRecord[]> {
  const rows = await prisma.intervention.findMany({
    where: { id: { in: [...ids] } },
    include: {
      deployments: { where: { state: { in: ['live', 'kept'] } }, orderBy: { channel: 'asc' } },
    },
  });
  return rows.map((row) => ({
    kind: 'intervention',
    id: row.id,
    failureId: row.failureId,
    type: row.type,
    name: row.name,
    description: row.description,
    riskTier: row.riskTier,
    isReversible: row.isReversible,
    liveOn: [...new Set(row.deployments.map(({ channel }) => channel))],
  }));
}

async function readSimulations(
  prisma: PrismaClient,
  ids: readonly string[],
): Promise<readonly DiscussedRecord[]> {
  const rows = await prisma.simulation.findMany({
    where: { id: { in: [...ids] } },
    include: { intervention: { select: { failureId: true } } },
  });
  return rows.map((row) => ({
    kind: 'simulation',
    id: row.id,
    interventionId: row.interventionId,
    failureId: row.intervention.failureId,
    state: row.state,
    result: row.result === null ? null : fromJson<SimulationResult>(row.result),
  }));
}

interface CycleRow {
  readonly id: string;
  readonly target: string;
  readonly focus: string | null;
  readonly state: string;
  readonly phase: string;
  readonly error: string | null;
  readonly hypotheses: number;
  readonly experiments: number;
  readonly failures: number;
  readonly interventions: number;
  readonly spentMicroUsd: number;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

async function readCycles(prisma: PrismaClient, ids: readonly string[]): Promise<readonly DiscussedRecord[]> {
  const rows = await prisma.$queryRaw<CycleRow[]>`
    SELECT c.id, c.target, c.focus, c.state, c.phase, c.error, c.created_at AS "createdAt", c.ended_at AS "endedAt",
      (SELECT count(*)::int FROM hypotheses h WHERE h.cycle_id = c.id) AS hypotheses,
      (SELECT count(*)::int FROM experiments e WHERE e.cycle_id = c.id) AS experiments,
      (SELECT count(*)::int FROM failures f WHERE f.cycle_id = c.id) AS failures,
      (SELECT count(*)::int FROM interventions i WHERE i.cycle_id = c.id) AS interventions,
      (SELECT coalesce(sum(l.settled_micro_usd), 0)::float8 FROM cost_ledger l WHERE l.cycle_id = c.id) AS "spentMicroUsd"
    FROM research_cycles c WHERE c.id = ANY(${ids}::uuid[])`;
  return rows.map((row) => ({ kind: 'cycle', ...row }));
}

async function readApprovals(
  prisma: PrismaClient,
  ids: readonly string[],
): Promise<readonly DiscussedRecord[]> {
  const rows = await prisma.approval.findMany({ where: { id: { in: [...ids] } } });
  return rows.map((row) => ({
    kind: 'approval',
    id: row.id,
    actionType: row.actionType,
    description: row.actionDescription,
    riskTier: row.riskTier,
    severity: member(SEVERITIES, row.severity),
    state: row.state,
    mode: row.mode,
    estimatedCostMicroUsd: money(row.estimatedCostMicroUsd),
    createdAt: row.createdAt,
    deadlineAt: row.deadlineAt,
  }));
}

interface BudgetRow {
  readonly id: string;
  readonly scope: string;
  readonly period: string;
  readonly limitMicroUsd: number | null;
  readonly periodStart: Date;
  readonly settledMicroUsd: number;
  readonly reservedMicroUsd: number;
  readonly bySource: Prisma.JsonValue;
}

/** A budget that nothing was ever charged to has no period, and nothing to say. */
async function readBudgets(
  prisma: PrismaClient,
  ids: readonly string[],
): Promise<readonly DiscussedRecord[]> {
  const rows = await prisma.$queryRaw<BudgetRow[]>`
    SELECT b.id, b.scope, b.period, b.limit_micro_usd::float8 AS "limitMicroUsd", p.period_start AS "periodStart",
      p.settled_micro_usd::float8 AS "settledMicroUsd", p.reserved_micro_usd::float8 AS "reservedMicroUsd", (
        SELECT coalesce(jsonb_agg(s ORDER BY s.micro DESC, s.source), '[]') FROM (
          SELECT e.source, sum(e.settled_micro_usd)::float8 AS micro, count(*)::int AS calls
          FROM cost_ledger_charges c
          JOIN cost_ledger e ON e.id = c.entry_id AND e.created_at > p.period_start - interval '1 day'
          WHERE c.budget_id = b.id AND c.period_start = p.period_start AND e.settled_micro_usd IS NOT NULL
          GROUP BY e.source
        ) s
      ) AS "bySource"
    FROM budgets b CROSS JOIN LATERAL (
      SELECT * FROM budget_periods p WHERE p.budget_id = b.id ORDER BY p.period_start DESC LIMIT 1
    ) p
    WHERE b.id = ANY(${ids}::uuid[])`;
  return rows.map(({ bySource, ...row }) => ({ kind: 'budget', ...row, bySource: fromJson(bySource) }));
}
