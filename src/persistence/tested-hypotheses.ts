import type { TestedHypothesis } from '../domain/memory';
import { FAILURE_TYPES } from '../domain/taxonomy';
import type { PrismaClient } from './client';
import { member } from './columns';
import { REMEMBERED_CYCLES, type HistoryQuery } from './type-history';

/** Of a target on which more was tested, the latest. */
const HYPOTHESES = 2_000;

interface TestedRow {
  readonly failure_type: string;
  readonly statement: string;
  readonly failed: number;
  readonly held: number;
  /** Whole days. */
  readonly age: number;
  /** Whether it was before a failure of the type was resolved. */
  readonly is_past: boolean;
}

/** The hypotheses of which a run was assessed on the target, each statement once, the latest first. */
export async function readTestedHypotheses(
  prisma: PrismaClient,
  { target, exceptCycleId, asOf }: HistoryQuery,
): Promise<readonly TestedHypothesis[]> {
  const rows = await prisma.$queryRaw<TestedRow[]>`
    SELECT h.failure_type, h.expected_failure AS statement,
           (count(*) FILTER (WHERE r.outcome = 'failed'))::int AS failed,
           (count(*) FILTER (WHERE r.outcome = 'held'))::int AS held,
           floor(extract(epoch FROM ${asOf}::timestamptz - min(e.started_at)) / 86400)::int AS age,
           bool_or(e.started_at < resolved.at) IS TRUE AS is_past
    FROM (
      SELECT h.id, h.failure_type, h.expected_failure FROM (
        SELECT id, created_at FROM research_cycles WHERE target = ${target} AND id <> ${exceptCycleId}::uuid
        ORDER BY created_at DESC LIMIT ${REMEMBERED_CYCLES}
      ) AS c JOIN hypotheses h ON h.cycle_id = c.id
      ORDER BY c.created_at DESC, c.id, h.ordinal LIMIT ${HYPOTHESES}
    ) AS h
    JOIN experiments e ON e.hypothesis_id = h.id AND e.started_at <= ${asOf}
    JOIN experiment_runs r ON r.experiment_id = e.id AND r.ended_at <= ${asOf} AND r.outcome IN ('failed', 'held')
    LEFT JOIN (
      SELECT failure_type, max(state_changed_at) AS at FROM failures
      WHERE target = ${target} AND state = 'resolved' AND state_changed_at <= ${asOf} GROUP BY failure_type
    ) AS resolved ON resolved.failure_type = h.failure_type
    GROUP BY h.id, h.failure_type, h.expected_failure ORDER BY min(e.started_at) DESC, h.id`;
  const found = new Map<string, TestedHypothesis>();
  for (const { failure_type: type, statement, failed, held, age, is_past: isPast } of rows) {
    const key = `${type} ${statement}`;
    const seen = found.get(key)?.observations ?? [];
    const failureType = member(FAILURE_TYPES, type);
    found.set(key, {
      failureType,
      statement,
      observations: isPast ? seen : [...seen, { failed, held, age }],
    });
  }
  return [...found.values()];
}
