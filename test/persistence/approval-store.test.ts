import { randomUUID } from 'node:crypto';
import {
  assessedAction,
  designedCycle,
  LAX,
  originOf,
  startStores,
  threeTimes,
  type StoredWorld,
} from '../support/stored-cycle';
import { createApiKeys } from '../../src/persistence/api-key-store';
import { createApprovalProofs } from '../../src/persistence/approval-proofs';
import type { OfferedDecision } from '../../src/domain/approval';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

const decision = (approvalId: string, changes: Partial<OfferedDecision> = {}): OfferedDecision => ({
  approvalId,
  state: 'approved',
  decidedBy: 'ana',
  reason: 'fine',
  decidedAt: '2026-11-23T03:00:00.500Z',
  via: 'update',
  ...changes,
});

async function pendingApproval() {
  const { cycleId, input, designs } = await designedCycle(world);
  const asked = assessedAction(designs[0]!.id);
  await world.stores.approvals.saveAssessed(originOf(input), [asked]);
  return { cycleId, workflowId: input.workflowId, approvalId: asked.action.approvalId };
}

describe('assessed actions', () => {
  it('of every tier are recorded once; only reviews become approvals', async () => {
    const { cycleId, input, designs } = await designedCycle(world);
    const subject = designs[0]!.id;
    const assessed = [
      assessedAction(subject),
      assessedAction(subject, { outcome: 'go', mode: 'lab' }, 'approved'),
      assessedAction(subject, { tier: 'safe', outcome: 'go' }),
      assessedAction(subject, { tier: 'block', outcome: 'refused' }),
    ];
    const given = assessed.map(({ verdict }) => verdict);
    const answers = await threeTimes(() => world.stores.approvals.saveAssessed(originOf(input), assessed));
    expect(answers).toEqual([given, given, given]);

    const rows = await world.prisma.approval.findMany({ where: { cycleId }, include: { decision: true } });
    const states = new Map(rows.map((row) => [row.id, [row.state, row.decision?.via]]));
    expect(states).toEqual(
      new Map([
        [given[0]!.approvalId, ['pending', undefined]],
        [given[1]!.approvalId, ['approved', 'policy']],
      ]),
    );
    expect(rows[0]).toMatchObject({
      affectedSystems: ['demo', 'the ledger'],
      estimatedCostMicroUsd: 1_000n,
      workflowId: input.workflowId,
      requesterAgent: 'offline',
    });
    for (const { approvalId } of given) expect(await world.audited(approvalId, 'action_assessed')).toBe(1);
    expect(await world.audited(given[0]!.approvalId, 'approval_requested')).toBe(1);
    expect(await world.audited(given[1]!.approvalId, 'approval_decision')).toBe(1);
    expect(await world.audited(subject, 'action_blocked')).toBe(1);
  });

  it('that are blocked are told of, unless nobody wants to know', async () => {
    const { cycleId, input, designs } = await designedCycle(world);
    const subject = designs[0]!.id;
    const blocked = assessedAction(subject, { tier: 'block', outcome: 'refused' });
    const save = (assessed: typeof blocked) =>
      world.stores.approvals.saveAssessed(originOf(input), [assessed]);
    await save({ ...blocked, notifyOnBlock: false });
    expect(await world.audited(subject, 'action_blocked')).toBe(0);
    await save(assessedAction(subject, { tier: 'block', outcome: 'refused', reason: 'severity S4' }));
    const told = await world.prisma.auditLog.findFirst({
      where: { subjectId: subject, eventType: 'action_blocked' },
    });
    expect(told).toMatchObject({
      subjectType: 'experiment',
      details: { cycle_id: cycleId, workflow_id: input.workflowId, reason: 'severity S4', mode: 'shadow' },
    });
  });

  it('that find no person are rejected by policy, and recorded so', async () => {
    const { input, designs } = await designedCycle(world);
    const asked = assessedAction(designs[0]!.id, { outcome: 'refused' }, 'rejected');
    await threeTimes(() => world.stores.approvals.saveAssessed(originOf(input), [asked]));
    const { approvalId } = asked.verdict;
    expect(await world.stores.approvals.get(approvalId)).toMatchObject({
      state: 'rejected',
      decision: { state: 'rejected', via: 'policy', decidedBy: null, provenBy: null },
    });
    expect(await world.audited(approvalId, 'approval_decision')).toBe(1);
  });

  it.each(['review', 'safe', 'block'] as const)('keep the first verdict of tier %s', async (tier) => {
    const { input, designs } = await designedCycle(world);
    const approvalId = randomUUID();
    const outcome = tier === 'review' ? 'wait' : tier === 'safe' ? 'go' : 'refused';
    const first = assessedAction(designs[0]!.id, { approvalId, tier, outcome });
    const later = assessedAction(designs[0]!.id, {
      approvalId,
      tier: 'block',
      outcome: 'refused',
      modeVersion: 2,
    });
    const save = (assessed: typeof first) => world.stores.approvals.saveAssessed(originOf(input), [assessed]);
    expect(await save(first)).toEqual([first.verdict]);
    expect(await save(later)).toEqual([first.verdict]);
  });

  it('agree when they are assessed differently at the same instant', async () => {
    const { input, designs } = await designedCycle(world);
    for (let round = 0; round < 5; round++) {
      const approvalId = randomUUID();
      const assessed = [
        assessedAction(designs[0]!.id, { approvalId }),
        assessedAction(designs[0]!.id, { approvalId, tier: 'block', outcome: 'refused', mode: 'production' }),
      ];
      const [one, other] = await Promise.all(
        assessed.map((each) => world.stores.approvals.saveAssessed(originOf(input), [each])),
      );
      expect(one).toEqual(other);
      const rows = await world.prisma.approval.count({ where: { id: approvalId } });
      expect(rows).toBe(one![0]!.tier === 'review' ? 1 : 0);
    }
  });

  it('are refused for a cycle that has ended, unless they stand already', async () => {
    const { cycleId, input, designs } = await designedCycle(world);
    const before = assessedAction(designs[0]!.id, { tier: 'safe', outcome: 'go' });
    const save = (assessed: typeof before) =>
      world.stores.approvals.saveAssessed(originOf(input), [assessed]);
    await save(before);
    await world.stores.cycles.close(cycleId, 'cancelled', 'execution', null);
    expect(await save(before)).toEqual([before.verdict]);
    await expect(save(assessedAction(designs[0]!.id))).rejects.toMatchObject({ code: 'cycle_already_ended' });
  });
});

describe('a reminder', () => {
  it('is written once a kind, and never of what is decided', async () => {
    const { approvalId } = await pendingApproval();
    const count = async () => [
      await world.audited(approvalId, 'approval_reminder'),
      await world.audited(approvalId, 'approval_escalated'),
    ];
    await threeTimes(() => world.stores.approvals.remind(approvalId, 'reminder'));
    expect(await count()).toEqual([1, 0]);
    await world.stores.approvals.record(decision(approvalId, { state: 'rejected' }), LAX);
    await world.stores.approvals.remind(approvalId, 'escalation');
    expect(await count()).toEqual([1, 0]);
  });
});

describe('a proof', () => {
  const approver = async (owner: string) => {
    const { record } = await createApiKeys(world.prisma).create({
      owner,
      role: 'approver',
      createdBy: 'root',
    });
    return { name: owner, role: 'approver', keyId: record.id } as const;
  };
  const proofOf = async (approvalId: string, verdict: 'approved' | 'rejected', owner: string) => {
    const decided = { approval_id: approvalId, decision: verdict, decided_by: owner };
    return (await createApprovalProofs(world.prisma).write(decided, await approver(owner))) ?? '';
  };

  it('of another approval or of the opposite verdict is refused and audited, and what is right is then taken', async () => {
    const { approvalId } = await pendingApproval();
    const other = await pendingApproval();
    const offer = (proofId: string, decidedAt: string) =>
      world.stores.approvals.record({ ...decision(approvalId), proofId, decidedAt }, LAX);
    const replayed = await proofOf(other.approvalId, 'approved', 'ben');
    const opposite = await proofOf(approvalId, 'rejected', 'ben');
    for (const [index, proofId] of [replayed, opposite, randomUUID(), 'no id'].entries()) {
      const refused = await offer(proofId, `2026-11-23T03:00:0${index}.000Z`);
      expect(refused).toMatchObject({ taken: false, code: 'decision_unproven' });
    }
    expect(await world.audited(approvalId, 'approval_decision_refused')).toBe(4);
    expect((await world.stores.approvals.get(approvalId)).state).toBe('pending');
    const right = await proofOf(approvalId, 'approved', 'ben');
    expect(await offer(right, '2026-11-23T03:00:09.000Z')).toMatchObject({
      taken: true,
      decided: { state: 'approved', provenBy: 'ben' },
    });
    expect((await world.stores.approvals.get(other.approvalId)).state).toBe('pending');
  });
});

describe('a decision', () => {
  it('moves the approval forward once', async () => {
    const { approvalId, workflowId } = await pendingApproval();
    expect(await world.stores.approvals.get(approvalId)).toMatchObject({
      id: approvalId,
      workflowId,
      state: 'pending',
      decision: null,
    });
    const decided = decision(approvalId);
    await threeTimes(() => world.stores.approvals.record(decided, LAX));
    await world.stores.approvals.record(decision(approvalId, { state: 'rejected', decidedBy: 'ben' }), LAX);
    expect(await world.stores.approvals.get(approvalId)).toMatchObject({
      id: approvalId,
      workflowId,
      state: 'approved',
      decision: { ...decided, provenBy: null },
    });
    expect(await world.audited(approvalId, 'approval_decision')).toBe(1);
  });

  it('is one of many that come at the same instant', async () => {
    const { approvalId } = await pendingApproval();
    const verdicts = Array.from({ length: 20 }, (_, index) =>
      decision(approvalId, {
        state: index % 2 === 0 ? 'approved' : 'rejected',
        decidedBy: `person ${index}`,
      }),
    );
    await Promise.all(verdicts.map((each) => world.stores.approvals.record(each, LAX)));
    const { state, decision: stands } = await world.stores.approvals.get(approvalId);
    expect(verdicts.map((each) => ({ ...each, provenBy: null }))).toContainEqual(stands);
    expect(state).toBe(stands?.state);
    expect(await world.prisma.approvalDecision.count({ where: { approvalId } })).toBe(1);
    expect(await world.audited(approvalId, 'approval_decision')).toBe(1);
  });

  it('does not outlive the cycle that withdrew the approval', async () => {
    const { approvalId, cycleId } = await pendingApproval();
    await world.stores.cycles.close(cycleId, 'cancelled', 'execution', null);
    await world.stores.approvals.record(decision(approvalId), LAX);
    expect((await world.stores.approvals.get(approvalId)).state).toBe('cancelled');
  });

  it('needs an approval', async () => {
    const unknown = randomUUID();
    await expect(world.stores.approvals.get(unknown)).rejects.toMatchObject({ code: 'approval_not_found' });
    await expect(world.stores.approvals.record(decision(unknown), LAX)).rejects.toMatchObject({
      code: 'approval_not_found',
    });
  });
});
