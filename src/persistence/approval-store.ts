import { DomainError } from '../domain/errors';
import { appendInTransaction } from './audit-trail';
import { saveAssessed } from './assessed-actions';
import { member, storableTextOrNull } from './columns';
import type { DecidedApproval } from '../domain/approval';
import type { ApprovalStore } from '../ports/stores';
import type { PrismaClient } from './client';
import type { ApprovalDecision } from './generated/client';

const DECISIONS = ['approved', 'rejected', 'expired', 'cancelled'] as const;
const VIAS = ['update', 'signal', 'policy', 'deadline', 'cycle'] as const;

export function createApprovalStore(prisma: PrismaClient): ApprovalStore {
  return {
    saveAssessed: (cycleId, workflowId, assessed) =>
      prisma.$transaction((tx) => saveAssessed(tx, cycleId, workflowId, assessed)),

    record: (decided) => record(prisma, decided),

    async get(approvalId) {
      const row = await prisma.approval.findUnique({
        where: { id: approvalId },
        select: { id: true, workflowId: true, state: true, decision: true },
      });
      if (row === null) throw unknownApproval(approvalId);
      return { ...row, decision: row.decision === null ? null : toDecided(row.decision) };
    },
  };
}

/**
 * Moves a pending approval to its decision. A decision has the id of its approval: there is never more than one.
 * @throws {DomainError} `approval_not_found`.
 */
async function record(prisma: PrismaClient, decided: DecidedApproval): Promise<void> {
  const decidedBy = storableTextOrNull(decided.decidedBy);
  const reason = storableTextOrNull(decided.reason);
  const recorded = await prisma.$transaction(async (tx) => {
    const rows = await tx.$executeRaw`
      WITH moved AS (
        UPDATE approvals SET state = ${decided.state}
        WHERE id = ${decided.approvalId}::uuid AND state = 'pending' RETURNING id
      )
      INSERT INTO approval_decisions (id, approval_id, decision, decided_by, reason, via, decided_at)
      SELECT id, id, ${decided.state}, ${decidedBy}, ${reason}, ${decided.via}, ${decided.decidedAt}::timestamptz
      FROM moved`;
    if (rows === 0) return false;
    await appendInTransaction(tx, [
      {
        key: `approval_decided/${decided.approvalId}`,
        eventType: 'approval_decided',
        actor: decidedBy ?? decided.via,
        subjectType: 'approval',
        subjectId: decided.approvalId,
        details: { decision: decided.state, reason, via: decided.via, decided_at: decided.decidedAt },
      },
    ]);
    return true;
  });
  if (recorded) return;
  const existing = await prisma.approval.count({ where: { id: decided.approvalId } });
  if (existing === 0) throw unknownApproval(decided.approvalId);
}

function unknownApproval(approvalId: string): DomainError {
  return new DomainError('approval_not_found', `there is no approval ${approvalId}`);
}

function toDecided(row: ApprovalDecision): DecidedApproval {
  return {
    approvalId: row.approvalId,
    state: member(DECISIONS, row.decision),
    decidedBy: row.decidedBy,
    reason: row.reason,
    decidedAt: row.decidedAt.toISOString(),
    via: member(VIAS, row.via),
  };
}
