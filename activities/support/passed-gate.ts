import type { GateVerdict, ProposedAction } from '../../src/domain/approval';
import { DomainError } from '../../src/domain/errors';
import type { ActivityDeps } from '../deps';
import { actionDigest } from './actions';

/**
 * The executor's own look, just before it acts: the action is what passed the gate, under the policy that is in force now.
 * @throws {DomainError} `action_changed`; `policy_changed`, whereupon the workflow has the action assessed anew.
 */
export function requirePassed(
  { policy }: Pick<ActivityDeps, 'policy'>,
  gate: GateVerdict,
  action: Omit<ProposedAction, 'approvalId'>,
): void {
  if (actionDigest(action, gate.policyVersion) !== gate.actionDigest) {
    throw new DomainError('action_changed', `not what passed the gate any more: ${action.description}`);
  }
  const { version } = policy();
  if (version !== gate.policyVersion) {
    throw new DomainError(
      'policy_changed',
      `assessed under policy ${gate.policyVersion}, in force is ${version}`,
    );
  }
}
