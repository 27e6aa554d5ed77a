import { insufficiency } from '../domain/decision-rules';
import { APPROVAL_STATES, DECISION_VIAS } from '../domain/approval';
import { DomainError } from '../domain/errors';
import { MODES } from '../domain/mode';
import { SEVERITIES } from '../domain/severity';
import { ACTION_TYPES } from '../domain/risk';
import { actionRefused, decisionRefused, lateDecisionRefused } from './approval-refusals';
import { remind } from './approval-reminders';
import { withdrawApprovals } from './approval-withdrawal';
import { saveAssessed } from './assessed-actions';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, storableTextOrNull } from './columns';
import type { DecidedApproval, DecisionOutcome, OfferedDecision } from '../domain/approval';
import type { DecisionRules } from '../domain/decision-rules';
import type { ApprovalStore, StoredApproval } from '../ports/approval-store';
import type { PrismaClient, Transaction } from './client';
import type { Approval, ApprovalDecision } from './generated/client';

const DECISIONS = ['approved', 'rejected', 'expired', 'cancelled'] as const;

export function createApprovalStore(prisma: PrismaClient): ApprovalStore {
  return {
    saveAssessed: (origin, assessed) => prisma.$transaction((tx) => saveAssessed(tx, origin, assessed)),

    record: (offered, rules) => prisma.$transaction((tx) => record(tx, offered, rules)),

    remind: (approvalId, kind) => prisma.$transaction((tx) => remind(tx, approvalId, kind)),

    refuseAction: (refused) => appendInTransaction(prisma, [actionRefused(refused)]),

    refuseLate: (late) => appendInTransaction(prisma, [lateDecisionRefused(late)]),

    withdraw: (workflowId, reason) =>
      prisma.$transaction(async (tx) => {
        await appendInTransaction(tx, await withdrawApprovals(tx, workflowId, reason));
      }),

    async get(approvalId) {
      const row = await prisma.approval.findUnique({
        where: { id: approvalId },
        include: { decision: true },
      });
      if (row === null) throw unknownApproval(approvalId);
      return toApproval(row);
    },
  };
}

/**
 * Moves a pending approval to its decision, where it is enough. A decision has the id of its approval: there is never
 * more than one. What is not enough is audited too.
 * @throws {DomainError} `approval_not_found`.
 */
async function record(
  tx: Transaction,
  offered: OfferedDecision,
  rules: DecisionRules,
): Promise<DecisionOutcome> {
  const { approvalId } = offered;
  const [question] = await tx.$queryRaw<Approval[]>`
    SELECT id, severity, mode, state, requested_by AS "requestedBy" FROM approvals
    WHERE id = ${approvalId}::uuid FOR UPDATE`;
  if (question === undefined) throw unknownApproval(approvalId);
  const standing = await tx.approvalDecision.findUnique({ where: { approvalId } });
  if (standing !== null) return { taken: true, decided: toDecided(standing) };

  const provenBy = await proverOf(tx, offered);
  const refused = insufficiency(
    {
      severity: member(SEVERITIES, question.severity),
      mode: member(MODES, question.mode),
      requestedBy: question.requestedBy,
    },
    offered,
    provenBy,
    rules,
  );
  const { proofId: _proofId, ...told } = offered;
  const decided: DecidedApproval = {
    ...told,
    provenBy,
    decidedBy: storableTextOrNull(offered.decidedBy),
    reason: storableTextOrNull(offered.reason),
  };
  if (refused !== undefined) {
    await appendInTransaction(tx, [decisionRefused(decided, refused.code)]);
    return refused;
  }
  await write(tx, decided);
  return { taken: true, decided };
}

/** The owner of the key behind a decision: of a proof of this very verdict on this very approval, by a key that still holds. */
async function proverOf(
  tx: Transaction,
  { approvalId, state, proofId }: OfferedDecision,
): Promise<string | null> {
  if (proofId === undefined) return null;
  const [proof] = await tx.$queryRaw<{ owner: string }[]>`
    SELECT p.owner FROM approval_proofs p JOIN api_keys k ON k.id = p.key_id
    WHERE p.id::text = ${proofId} AND p.approval_id = ${approvalId}::uuid AND p.decision = ${state}
      AND p.role IN ('approver', 'admin') AND k.revoked_at IS NULL`;
  return proof?.owner ?? null;
}

async function write(tx: Transaction, decided: DecidedApproval): Promise<void> {
  const { approvalId, state, decidedBy, provenBy, reason, via, decidedAt } = decided;
  await tx.approval.update({ where: { id: approvalId }, data: { state } });
  await tx.approvalDecision.create({
    data: { id: approvalId, approvalId, decision: state, decidedBy, provenBy, reason, via, decidedAt },
  });
  await appendInTransaction(tx, [
    {
      key: `approval_decision/${approvalId}`,
      eventType: 'approval_decision',
      actor: provenBy ?? decidedBy ?? via,
      subjectType: 'approval',
      subjectId: approvalId,
      details: {
        decision: state,
        decided_by: decidedBy,
        proven_by: provenBy,
        reason,
        via,
        decided_at: decidedAt,
      },
    },
  ]);
}

function unknownApproval(approvalId: string): DomainError {
  return new DomainError('approval_not_found', `there is no approval ${approvalId}`);
}

function toApproval(row: Approval & { readonly decision: ApprovalDecision | null }): StoredApproval {
  return {
    id: row.id,
    cycleId: row.cycleId,
    workflowId: row.workflowId,
    actionType: member(ACTION_TYPES, row.actionType),
    subjectId: row.subjectId,
    description: row.actionDescription,
    mode: member(MODES, row.mode),
    policyVersion: row.policyVersion,
    actionDigest: row.actionDigest,
    details: row.details === null ? null : fromJson(row.details),
    state: member(APPROVAL_STATES, row.state),
    decision: row.decision === null ? null : toDecided(row.decision),
  };
}

function toDecided(row: ApprovalDecision): DecidedApproval {
  return {
    approvalId: row.approvalId,
    state: member(DECISIONS, row.decision),
    decidedBy: row.decidedBy,
    provenBy: row.provenBy,
    reason: row.reason,
    decidedAt: row.decidedAt.toISOString(),
    via: member(DECISION_VIAS, row.via),
  };
}
