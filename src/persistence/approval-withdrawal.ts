import type { AuditEvent } from '../ports/audit';
import type { Transaction } from './client';
import { storableText } from './columns';

/**
 * Withdraws what a workflow has asked and nobody has answered: its questions end as cancelled.
 * @returns the audit entries to be written with it.
 */
export async function withdrawApprovals(
  tx: Transaction,
  workflowId: string,
  reason: string,
): Promise<readonly AuditEvent[]> {
  const withdrawn = await tx.$queryRaw<{ id: string }[]>`
    WITH withdrawn AS (
      UPDATE approvals SET state = 'cancelled' WHERE workflow_id = ${workflowId} AND state = 'pending' RETURNING id
    ), decided AS (
      INSERT INTO approval_decisions (id, approval_id, decision, reason, via, decided_at)
      SELECT id, id, 'cancelled', ${storableText(reason)}, 'cycle', now() FROM withdrawn
    )
    SELECT id FROM withdrawn`;
  return withdrawn.map(({ id }) => ({
    key: `approval_decision/${id}`,
    eventType: 'approval_decision',
    actor: 'workflow',
    subjectType: 'approval',
    subjectId: id,
    details: { decision: 'cancelled', via: 'cycle', reason: storableText(reason) },
  }));
}
