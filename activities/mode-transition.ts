import { blockedReason, isTowardsSafety } from '../src/domain/mode-transition';
import type { ProposedAction } from '../src/domain/approval';
import type { CurrentMode } from '../src/domain/mode';
import type { Activities, TransitionInput } from './contract';
import type { ActivityDeps } from './deps';
import { digestOf } from './support/digest';

/** Reads what a change of mode depends on. */
export function checkTransition({
  stores: { mode },
  migrationProblem,
}: ActivityDeps): Activities['checkTransition'] {
  return async (input) => {
    const [from, facts, problem] = await Promise.all([mode.current(), mode.facts(), migrationProblem()]);
    const blocked = blockedReason(from.mode, input.to, { ...facts, migrationProblem: problem });
    return {
      from,
      blockedReason: blocked ?? null,
      gated: !isTowardsSafety(from.mode, input.to),
      action: transitionAction(input, from),
    };
  };
}

/** Makes the change, if everything still is as it was checked and approved. */
export function applyTransition({ stores: { mode } }: ActivityDeps): Activities['applyTransition'] {
  return ({ transitionId, from, to, requestedBy, comment, workflowId, approvalId }) =>
    mode.apply({ transitionId, from, to, requestedBy, comment, workflowId, approvalId });
}

/** Writes down that the change did not come about. */
export function refuseTransition({ stores: { mode } }: ActivityDeps): Activities['refuseTransition'] {
  return ({ transitionId, from, to, requestedBy, comment, workflowId, approvalId, reason }) =>
    mode.refuse({ transitionId, from, to, requestedBy, comment, workflowId, approvalId, reason });
}

/** What a change of mode means for the gate. Into production always a person decides. */
export function transitionAction(
  { transitionId, to, comment }: Pick<TransitionInput, 'transitionId' | 'to' | 'comment'>,
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
    details: { from_mode: from.mode, from_version: from.version, to_mode: to, reason: comment },
  };
}
