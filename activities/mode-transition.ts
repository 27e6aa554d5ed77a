import { blockedReason, isTowardsSafety } from '../src/domain/mode-transition';
import type { ProposedAction } from '../src/domain/approval';
import type { CurrentMode } from '../src/domain/mode';
import type { TransitionActivities, TransitionInput } from './contract';
import type { ActivityDeps } from './deps';
import { digestOf } from './support/digest';

/** The steps of a change of mode, each of them one transaction. */
export function modeTransition({ stores: { mode }, migrationProblem }: ActivityDeps): TransitionActivities {
  return {
    async checkTransition(input) {
      const [from, facts, problem] = await Promise.all([mode.current(), mode.facts(), migrationProblem()]);
      const blocked = blockedReason(from.mode, input.to, { ...facts, migrationProblem: problem });
      return {
        from,
        blockedReason: blocked ?? null,
        gated: !isTowardsSafety(from.mode, input.to),
        action: transitionAction(input, from),
      };
    },

    applyTransition: ({ transitionId, from, to, requestedBy, comment, workflowId, approvalId }) =>
      mode.apply({ transitionId, from, to, requestedBy, comment, workflowId, approvalId }),

    refuseTransition: ({ transitionId, from, to, requestedBy, comment, workflowId, approvalId, reason }) =>
      mode.refuse({ transitionId, from, to, requestedBy, comment, workflowId, approvalId, reason }),
  };
}

/** What a change of mode means for the gate. Into production always a person decides. */
function transitionAction(
  { transitionId, to, comment }: TransitionInput,
  from: CurrentMode,
): Omit<ProposedAction, 'approvalId'> {
  return {
    actionType: 'MODE_TRANSITION',
    subjectId: transitionId,
    description: `change the mode from ${from.mode} to ${to}${comment === null ? '' : `: ${comment}`}`,
    severity: 'S1',
    estimatedCostMicroUsd: 0,
    affectedSystems: ['tinman'],
    isReversible: true,
    rollbackPlan: to === 'production' ? 'tinman mode rollback' : `tinman mode set ${from.mode}`,
    argumentsDigest: digestOf({ from, to }),
    personRequired: to === 'production',
  };
}
