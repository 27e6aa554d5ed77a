import type { ReminderKind } from '../domain/approval-rules';
import type { AuditEventType } from '../domain/audit-events';
import type { Approval } from './generated/client';
import type { Transaction } from './client';
import { appendInTransaction } from './audit-trail';

const EVENT_OF: Readonly<Record<ReminderKind, AuditEventType>> = {
  reminder: 'approval_reminder',
  escalation: 'approval_escalated',
};

/** Writes the event that people are reminded by, once a kind; the row is locked, so that none follows a decision. */
export async function remind(tx: Transaction, approvalId: string, kind: ReminderKind): Promise<void> {
  const [waiting] = await tx.$queryRaw<
    Pick<Approval, 'cycleId' | 'requestedBy' | 'actionType' | 'severity' | 'deadlineAt'>[]
  >`
    SELECT cycle_id AS "cycleId", requested_by AS "requestedBy", action_type AS "actionType", severity,
      deadline_at AS "deadlineAt"
    FROM approvals WHERE id = ${approvalId}::uuid AND state = 'pending' FOR UPDATE`;
  if (waiting === undefined) return;
  await appendInTransaction(tx, [
    {
      key: `${EVENT_OF[kind]}/${approvalId}`,
      eventType: EVENT_OF[kind],
      actor: 'workflow',
      subjectType: 'approval',
      subjectId: approvalId,
      details: {
        cycle_id: waiting.cycleId,
        requested_by: waiting.requestedBy,
        action_type: waiting.actionType,
        severity: waiting.severity,
        deadline_ms: waiting.deadlineAt?.getTime() ?? null,
      },
    },
  ]);
}
