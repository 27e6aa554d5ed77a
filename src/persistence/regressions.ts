import { FAILURE_STATES } from '../domain/failure';
import { judgeRegression, type ReplayedFailure } from '../domain/regression';
import { rateOf } from '../domain/statistics';
import { fromJson, member } from './columns';
import { presentRow, type RawRow } from './record-presentation';
import type { ApiRecord } from '../ports/records';
import type { PrismaClient } from './client';
import type { Prisma } from './generated/client';

interface RegressionRow extends RawRow {
  readonly replayed: Prisma.JsonValue;
  readonly ended: boolean;
  readonly failed: number;
  readonly held: number;
}

/** What became of the known failures that a cycle replayed, the gravest first; nothing of a cycle that replays none. */
export async function regressionsOf(
  prisma: PrismaClient,
  cycle: ApiRecord,
): Promise<{ readonly regressions?: readonly ApiRecord[] }> {
  const request = cycle['request'];
  if (typeof request !== 'object' || request === null || !('regressions' in request)) return {};
  const rows = await prisma.$queryRaw<RegressionRow[]>`
    SELECT e.failure_type, e.design -> 'regression' AS replayed, e.state IN ('done', 'skipped', 'failed') AS ended,
      runs.failed, runs.held, runs.unassessed, e.runs_permitted,
      CASE WHEN e.state IN ('skipped', 'failed') THEN concat_ws(': ', e.skip_reason, e.detail) ELSE runs.reason END
        AS reason,
      e.id AS experiment_id, f.id AS found_as
    FROM experiments e JOIN hypotheses h ON h.id = e.hypothesis_id
      LEFT JOIN failures f ON f.cycle_id = e.cycle_id
        AND f.trigger_signature = e.design #>> '{regression,triggerSignature}'
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE outcome = 'failed')::int AS failed,
               count(*) FILTER (WHERE outcome = 'held')::int AS held,
               count(*) FILTER (WHERE outcome = 'unassessed')::int AS unassessed,
               mode() WITHIN GROUP (ORDER BY reason) FILTER (WHERE outcome = 'unassessed') AS reason
        FROM experiment_runs WHERE experiment_id = e.id) AS runs
    WHERE e.cycle_id = ${String(cycle['id'])}::uuid ORDER BY h.priority, h.ordinal`;
  return { regressions: rows.map(present) };
}

function present({ replayed, ended, failed, held, ...others }: RegressionRow): ApiRecord {
  const failure = fromJson<ReplayedFailure>(replayed);
  const was = member(FAILURE_STATES, failure.was);
  const judged = judgeRegression({ ...failure, was }, { failed, held });
  return presentRow({
    ...failure,
    ...(ended ? judged : { verdict: null, chanceUnseen: null }),
    observed: rateOf(failed, failed + held),
    ...others,
  });
}
