import { FAILURE_STATES } from '../domain/failure';
import { FAILURE_TYPES } from '../domain/taxonomy';
import { member } from './columns';
import type { KnownFailure } from '../domain/memory';
import type { Transaction } from './client';

interface KnownFailureRow {
  readonly id: string;
  readonly trigger_signature: string;
  readonly failure_type: string;
  readonly trigger: string;
  readonly state: string;
}

/**
 * The latest failure of each signature on a target, from cycles other than `exceptCycleId`. The recursion steps from
 * signature to signature over the index, so that the cost grows with the signatures and not with the findings.
 */
export async function readKnownFailures(
  db: Transaction,
  target: string,
  exceptCycleId: string,
): Promise<readonly KnownFailure[]> {
  const rows = await db.$queryRaw<KnownFailureRow[]>`
    WITH RECURSIVE signatures AS (
      SELECT min(trigger_signature) AS signature FROM failures WHERE target = ${target}
      UNION ALL
      SELECT (SELECT min(f.trigger_signature) FROM failures f
              WHERE f.target = ${target} AND f.trigger_signature > signatures.signature)
      FROM signatures WHERE signatures.signature IS NOT NULL
    )
    SELECT latest.* FROM signatures CROSS JOIN LATERAL (
      SELECT f.id, f.trigger_signature, f.failure_type, f.trigger, f.state FROM failures f
      WHERE f.target = ${target} AND f.trigger_signature = signatures.signature
        AND f.cycle_id <> ${exceptCycleId}::uuid
      ORDER BY f.created_at DESC, f.id DESC LIMIT 1
    ) AS latest
    ORDER BY latest.trigger_signature`;
  return rows.map((row) => ({
    failureId: row.id,
    triggerSignature: row.trigger_signature,
    failureType: member(FAILURE_TYPES, row.failure_type),
    trigger: row.trigger,
    state: member(FAILURE_STATES, row.state),
  }));
}
