import { randomUUID } from 'node:crypto';
import type { CycleActivities } from '../../activities/contract';
import type { Principal } from '../../src/domain/access';
import type { ApprovalDecision } from '../../src/domain/approval';
import { createApiKeys } from '../../src/persistence/api-key-store';
import { createApprovalProofs } from '../../src/persistence/approval-proofs';
import type { ApprovalGateway } from '../../src/ports/cycle-gateway';
import { createApprovalGateway } from '../../src/temporal/approval-gateway';
import { researchCycle } from '../../workflows';
import { assessedAction, LAX, startStores, type StoredWorld } from '../support/stored-cycle';
import { startDevServer, type TemporalHarness } from '../support/temporal';
import { standIns, step, verdict } from '../workflows/stand-in-activities';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const NOBODY: Principal = { name: 'anonymous', role: 'admin', keyId: null };

/** A cycle whose other activities are stand-ins asks two questions, one of which nobody answers; keys, proofs and decisions are in a real database. */
describe('the way of a decision to its workflow', () => {
  let temporal: TemporalHarness;
  let world: StoredWorld;
  let gateway: ApprovalGateway;
  beforeAll(async () => {
    [temporal, world] = await Promise.all([startDevServer(), startStores()]);
    gateway = createApprovalGateway({ client: temporal.env.client, approvals: world.stores.approvals });
  }, 120_000);
  afterAll(async () => {
    await world?.stop();
    await temporal?.stop();
  });

  const ask = (workflowId: string, severity: 'S1' | 'S3', approvalId: string = randomUUID()) => {
    const { action, ...given } = assessedAction(randomUUID(), { approvalId, outcome: 'wait' });
    const origin = { cycleId: null, workflowId, requestedBy: 'ana' };
    return world.stores.approvals.saveAssessed(origin, [{ ...given, action: { ...action, severity } }]);
  };

  /** Works on a question of a new cycle. */
  async function withQuestion(
    severity: 'S1' | 'S3',
    work: (approvalId: string, workflowId: string) => Promise<void>,
  ): Promise<void> {
    let stored: (approvalId: string) => void;
    const asked = new Promise<string>((resolve) => (stored = resolve));
    const { activities } = standIns({
      designExperiments: () =>
        Promise.resolve({ budgetExhausted: false, total: 2, steps: [step('e1'), step('e2')], more: false }),
      assessActions: async ({ actions, origin: { workflowId } }) => {
        for (const { approvalId } of actions) {
          await ask(workflowId, severity, approvalId);
          stored(approvalId);
        }
        return actions.map((action) => verdict(action, 'wait', Date.now() + DAY_MS));
      },
      recordApproval: (offered) =>
        world.stores.approvals.record(offered, { ...LAX, requireComment: () => true }),
    } satisfies Partial<CycleActivities>);
    const workflowId = randomUUID();
    await temporal.withActivities(activities, async () => {
      const request = {
        focus: null,
        target: 'demo',
        maxHypotheses: 1,
        maxExperiments: 1,
        runsPerExperiment: 1,
        replayPairs: 5,
        budgetMicroUsd: null,
      };
      const input = { cycleId: randomUUID(), request, requestedBy: 'ana', requestHash: 'hash' };
      const { taskQueue, env } = temporal;
      const cycle = await env.client.workflow.start(researchCycle, { workflowId, taskQueue, args: [input] });
      await work(await asked, workflowId);
      await cycle.terminate();
    });
  }

  const decisionOn = (approvalId: string, more: Partial<ApprovalDecision> = {}): ApprovalDecision => ({
    approval_id: approvalId,
    decision: 'approved',
    decided_by: 'someone',
    reason: 'looked at it',
    ...more,
  });

  it('gives a repeat the first answer, and everybody else the decision that stands', async () => {
    await withQuestion('S1', async (approvalId) => {
      const once = () => gateway.decide(decisionOn(approvalId), NOBODY, 'key');
      const [first, second] = await Promise.all([once(), once()]);
      expect(first).toMatchObject({ state: 'approved', provenBy: null, via: 'update' });
      expect([second, await once()]).toEqual([first, first]);
      const refusal = { code: 'approval_already_decided', details: { decision: first } };
      const rejection = decisionOn(approvalId, { decision: 'rejected' });
      await expect(gateway.decide(rejection, NOBODY, 'key')).rejects.toMatchObject(refusal);
      await expect(gateway.decide(decisionOn(approvalId), NOBODY, 'other')).rejects.toMatchObject(refusal);
    });
  });

  it('says what a decision lacks, and takes it once it has that', async () => {
    await withQuestion('S3', async (approvalId) => {
      const proven = async (owner: string, decision: ApprovalDecision) => {
        const { record } = await createApiKeys(world.prisma).create({
          owner,
          role: 'approver',
          createdBy: 'root',
        });
        const principal = { name: owner, role: 'approver', keyId: record.id } as const;
        const write = () => createApprovalProofs(world.prisma).write(decision, principal);
        const proof_id = (await write()) ?? '';
        expect(await write()).toBe(proof_id);
        return gateway.decide({ ...decision, proof_id }, principal);
      };
      const decision = decisionOn(approvalId);
      const { reason: _none, ...mute } = decision;
      await expect(gateway.decide(decision, NOBODY)).rejects.toMatchObject({ code: 'decision_unproven' });
      await expect(proven('ana', decision)).rejects.toMatchObject({ code: 'four_eyes_required' });
      await expect(proven('ben', mute)).rejects.toMatchObject({ code: 'comment_required' });
      expect(await proven('ben', decision)).toMatchObject({ decidedBy: 'someone', provenBy: 'ben' });
    });
  });

  it('is taken anew each time, while the workflow has not come to the question again', async () => {
    await withQuestion('S1', async (_approvalId, workflowId) => {
      const unknown = randomUUID();
      await ask(workflowId, 'S1', unknown);
      const decide = () => gateway.decide(decisionOn(unknown), NOBODY);
      await expect(decide()).rejects.toMatchObject({ code: 'not_ready' });
      const startedAt = performance.now();
      await expect(decide()).rejects.toMatchObject({ code: 'not_ready' });
      // An answer that the server had kept would come at once.
      expect(performance.now() - startedAt).toBeGreaterThan(5_000);
    });
  });
});
