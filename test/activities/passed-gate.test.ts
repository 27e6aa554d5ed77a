import { randomUUID } from 'node:crypto';
import { requirePassed } from '../../activities/support/passed-gate';
import { actionDigest } from '../../activities/support/actions';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import type { GateVerdict, ProposedAction } from '../../src/domain/approval';
import { DomainError } from '../../src/domain/errors';
import type { RiskPolicy } from '../../src/domain/risk';
import { assessedAction } from '../support/stored-cycle';

const policy = loadRiskPolicy(DEFAULT_POLICY);
const { action, verdict } = assessedAction(randomUUID());
const gate = {
  ...verdict,
  policyVersion: policy.version,
  actionDigest: actionDigest(action, policy.version),
};

function refusal(inForce: RiskPolicy, passed: GateVerdict, asked: ProposedAction): string | undefined {
  try {
    requirePassed({ policy: () => inForce }, passed, asked);
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
}

describe('an executor before it acts', () => {
  it('goes on with what passed the gate under the policy in force', () => {
    expect(refusal(policy, gate, action)).toBeUndefined();
  });

  it('refuses what is not what passed the gate', () => {
    const dearer = { ...action, estimatedCostMicroUsd: action.estimatedCostMicroUsd + 1 };
    expect(refusal(policy, gate, dearer)).toBe('action_changed');
    const forged = { ...gate, policyVersion: 'sha256:0' };
    expect(refusal(policy, forged, action)).toBe('action_changed');
  });

  it('refuses what passed the gate under a policy that is no longer in force', () => {
    const other = { ...policy, version: 'sha256:other' };
    expect(refusal(other, gate, action)).toBe('policy_changed');
  });
});
