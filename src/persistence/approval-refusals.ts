import type { AuditEvent } from '../ports/audit';
import type { DecidedApproval } from '../domain/approval';
import type { LateDecision, RefusedAction } from '../ports/approval-store';
import { storableText } from './columns';

/** A decision that was not enough. */
export function decisionRefused(decided: DecidedApproval, code: string): AuditEvent {
  return {
    key: `approval_decision_refused/${decided.approvalId}/${decided.decidedAt}/${code}`,
    eventType: 'approval_decision_refused',
    actor: decided.provenBy ?? decided.decidedBy ?? decided.via,
    subjectType: 'approval',
    subjectId: decided.approvalId,
    details: {
      code,
      decision: decided.state,
      decided_by: decided.decidedBy,
      proven_by: decided.provenBy,
      via: decided.via,
    },
  };
}

/** A decision that came when another stood already, or the deadline had passed. */
export function lateDecisionRefused(late: LateDecision): AuditEvent {
  const decidedBy = storableText(late.decidedBy);
  return {
    key: `approval_decision_refused/${late.approvalId}/${late.key}`,
    eventType: 'approval_decision_refused',
    actor: late.provenBy ?? decidedBy,
    subjectType: 'approval',
    subjectId: late.approvalId,
    details: {
      code: 'approval_already_decided',
      decision: late.decision,
      decided_by: decidedBy,
      proven_by: late.provenBy,
      via: 'update',
    },
  };
}

/** An action that is not what was approved; once for what was found in its place. */
export function actionRefused(refused: RefusedAction): AuditEvent {
  const { approvalId, expectedDigest, foundDigest } = refused;
  return {
    key: `action_refused/${approvalId}/${expectedDigest}/${foundDigest}`,
    eventType: 'action_refused',
    actor: 'executor',
    subjectType: 'approval',
    subjectId: approvalId,
    details: {
      action_type: refused.actionType,
      subject_id: refused.subjectId,
      expected_digest: expectedDigest,
      found_digest: foundDigest,
      reason: refused.reason,
    },
  };
}
