import type { GateVerdict, ProposedAction } from '../../src/domain/approval';
import { DomainError } from '../../src/domain/errors';
import type { ActivityDeps } from '../deps';
import { actionDigest } from './actions';

/**
 * The executor's own look, just before it acts: the action is what passed the gate, an approval stands for exactly that
 * where one was needed, and the policy is the one in force. What is not as it was approved is written down.
 * @throws {DomainError} `action_changed`; `policy_changed`, whereupon the workflow has the action assessed anew.
 */
export async function requirePassed(
  deps: Pick<ActivityDeps, 'policy' | 'stores'>,
  gate: GateVerdict,
  action: Omit<ProposedAction, 'approvalId'>,
): Promise<void> {
  const foundDigest = actionDigest(action, gate.policyVersion);
  if (foundDigest !== gate.actionDigest) {
    await refuse(deps, gate, action, gate.actionDigest, 'not what passed the gate any more');
  }
  if (gate.tier === 'review') {
    const { state, actionDigest: approved } = await deps.stores.approvals.get(gate.approvalId);
    if (state !== 'approved') await refuse(deps, gate, action, approved, `its approval is ${state}`);
    if (approved !== foundDigest) await refuse(deps, gate, action, approved, 'not what was approved');
  }
  const { version } = deps.policy();
  if (version !== gate.policyVersion) {
    throw new DomainError(
      'policy_changed',
      `assessed under policy ${gate.policyVersion}, in force is ${version}`,
    );
  }
}

async function refuse(
  { stores }: Pick<ActivityDeps, 'stores'>,
  gate: GateVerdict,
  action: Omit<ProposedAction, 'approvalId'>,
  expectedDigest: string,
  reason: string,
): Promise<never> {
  const { actionType, subjectId, description } = action;
  await stores.approvals.refuseAction({
    approvalId: gate.approvalId,
    actionType,
    subjectId,
    expectedDigest,
    foundDigest: actionDigest(action, gate.policyVersion),
    reason,
  });
  throw new DomainError('action_changed', `${reason}: ${description}`);
}
