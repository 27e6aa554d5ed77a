import { randomUUID } from 'node:crypto';
import { requirePassed } from '../../activities/support/passed-gate';
import { actionDigest } from '../../activities/support/actions';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import { assessedAction } from '../support/stored-cycle';

const policy = loadRiskPolicy(DEFAULT_POLICY);
const { action, verdict } = assessedAction(randomUUID());
const gate = {
  ...verdict,
  policyVersion: policy.version,
  actionDigest: actionDigest(action, policy.version),
};

describe('an executor before it acts', () => {
  it('goes on with what passed the gate under the policy in force', () => {
    expect(() => requirePassed({ policy: () => policy }, gate, action)).not.toThrow();
  });

  it('refuses what is not what passed the gate', () => {
    const dearer = { ...action, estimatedCostMicroUsd: action.estimatedCostMicroUsd + 1 };
    expect(() => requirePassed({ policy: () => policy }, gate, dearer)).toThrow(
      expect.objectContaining({ code: 'action_changed' }),
    );
    const forged = { ...gate, policyVersion: 'sha256:0' };
    expect(() => requirePassed({ policy: () => policy }, forged, action)).toThrow(
      expect.objectContaining({ code: 'action_changed' }),
    );
  });

  it('refuses what passed the gate under a policy that is no longer in force', () => {
    const other = { ...policy, version: 'sha256:other' };
    expect(() => requirePassed({ policy: () => other }, gate, action)).toThrow(
      expect.objectContaining({ code: 'policy_changed' }),
    );
  });
});
