import { randomUUID } from 'node:crypto';
import type { ActivityDeps } from '../../activities';
import { requirePassed } from '../../activities/support/passed-gate';
import { actionDigest } from '../../activities/support/actions';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import type { GateVerdict, ProposedAction } from '../../src/domain/approval';
import { DomainError } from '../../src/domain/errors';
import type { RiskPolicy } from '../../src/domain/risk';
import {
  assessedAction,
  designedCycle,
  LAX,
  originOf,
  startStores,
  type StoredWorld,
} from '../support/stored-cycle';

const policy = loadRiskPolicy(DEFAULT_POLICY);

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

/** An action that a person has been asked about, and approved unless they are said to have done otherwise. */
async function passed(state: 'approved' | 'rejected' | 'pending' = 'approved') {
  const { input, designs } = await designedCycle(world);
  const asked = assessedAction(designs[0]!.id);
  const { action } = asked;
  const gate: GateVerdict = {
    ...asked.verdict,
    policyVersion: policy.version,
    actionDigest: actionDigest(action, policy.version),
  };
  await world.stores.approvals.saveAssessed(originOf(input), [{ ...asked, verdict: gate }]);
  if (state !== 'pending') {
    const decidedAt = new Date().toISOString();
    const { approvalId } = gate;
    const decision = { approvalId, state, decidedBy: 'ana', reason: null, decidedAt, via: 'update' } as const;
    await world.stores.approvals.record(decision, LAX);
  }
  return { action, gate };
}

async function refusal(
  inForce: RiskPolicy,
  gate: GateVerdict,
  asked: ProposedAction,
): Promise<string | undefined> {
  const deps: Pick<ActivityDeps, 'policy' | 'stores'> = { policy: () => inForce, stores: world.stores };
  try {
    await requirePassed(deps, gate, asked);
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
}

const refusals = (approvalId: string) =>
  world.prisma.auditLog.findMany({ where: { subjectId: approvalId, eventType: 'action_refused' } });

describe('an executor before it acts', () => {
  it('goes on with what was approved under the policy in force, and with what needed no approval', async () => {
    const { action, gate } = await passed();
    expect(await refusal(policy, gate, action)).toBeUndefined();
    expect(
      await refusal(policy, { ...gate, tier: 'safe', approvalId: randomUUID() }, action),
    ).toBeUndefined();
    expect(await refusals(gate.approvalId)).toEqual([]);
  });

  it('refuses what is not what passed the gate, and writes down both digests, once', async () => {
    const { action, gate } = await passed();
    const dearer = { ...action, estimatedCostMicroUsd: action.estimatedCostMicroUsd + 1 };
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await refusal(policy, gate, dearer)).toBe('action_changed');
    }
    expect(await refusals(gate.approvalId)).toMatchObject([
      {
        actor: 'executor',
        details: {
          action_type: 'RUN_EXPERIMENT',
          subject_id: action.subjectId,
          expected_digest: gate.actionDigest,
          found_digest: actionDigest(dearer, policy.version),
          reason: 'not what passed the gate any more',
        },
      },
    ]);
    expect(await refusal(policy, { ...gate, policyVersion: 'sha256:0' }, action)).toBe('action_changed');
  });

  it.each(['pending', 'rejected'] as const)('refuses what is %s, whatever its gate says', async (state) => {
    const { action, gate } = await passed(state);
    expect(await refusal(policy, gate, action)).toBe('action_changed');
    expect(await refusals(gate.approvalId)).toMatchObject([
      { details: { reason: `its approval is ${state}` } },
    ]);
  });

  it('refuses when the approval in the database is one of something else', async () => {
    const { action, gate } = await passed();
    await world.prisma.approval.update({ where: { id: gate.approvalId }, data: { actionDigest: 'forged' } });
    expect(await refusal(policy, gate, action)).toBe('action_changed');
    expect(await refusals(gate.approvalId)).toMatchObject([
      {
        details: {
          expected_digest: 'forged',
          found_digest: gate.actionDigest,
          reason: 'not what was approved',
        },
      },
    ]);
  });

  it('refuses what passed the gate under a policy that is no longer in force', async () => {
    const { action, gate } = await passed();
    expect(await refusal({ ...policy, version: 'sha256:other' }, gate, action)).toBe('policy_changed');
    expect(await refusals(gate.approvalId)).toEqual([]);
  });
});
