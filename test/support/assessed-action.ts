import { randomUUID } from 'node:crypto';
import type { ActionOrigin, GateVerdict } from '../../src/domain/approval';
import type { DecisionRules } from '../../src/domain/decision-rules';
import type { AssessedAction } from '../../src/ports/approval-store';

/** Rules that ask nothing more of a decision. */
export const LAX: DecisionRules = { mode: 'lab', requireComment: () => false };

export function originOf({ cycleId, workflowId, requestedBy }: ActionOrigin): ActionOrigin {
  return { cycleId, workflowId, requestedBy };
}

export function assessedAction(
  subjectId: string,
  changes: Partial<GateVerdict> = {},
  policyAnswer: AssessedAction['policyAnswer'] = null,
): AssessedAction {
  const approvalId = changes.approvalId ?? randomUUID();
  return {
    action: {
      approvalId,
      actionType: 'RUN_EXPERIMENT',
      subjectId,
      description: 'run the experiment',
      severity: 'S2',
      estimatedCostMicroUsd: 1_000,
      affectedSystems: ['demo', 'the ledger'],
      isReversible: true,
      rollbackPlan: 'nothing to undo',
      argumentsDigest: 'arguments',
      personRequired: false,
    },
    verdict: {
      approvalId,
      subjectId,
      tier: 'review',
      reason: 'severity S2 in shadow mode',
      mode: 'shadow',
      modeVersion: 1,
      policyVersion: 'default-1',
      actionDigest: 'digest',
      outcome: 'wait',
      deadlineMs: Date.parse('2027-01-01T00:00:00Z'),
      ...changes,
    },
    policyAnswer,
    notifyOnBlock: true,
  };
}
