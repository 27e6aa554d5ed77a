import { randomUUID } from 'node:crypto';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandleWithStartDetails } from '@temporalio/client';
import type { CycleInput } from '../../src/domain/cycle';
import type { ApprovalDecision, GateVerdict, ProposedAction } from '../../src/domain/approval';
import { researchCycle } from '../../workflows';
import {
  decideApprovalSignal,
  decideApprovalUpdate,
  pauseCycleSignal,
  resumeCycleSignal,
  statusQuery,
} from '../../workflows/messages';
import { startDevServer } from '../support/temporal';
import type { TemporalHarness } from '../support/temporal';
import { standIns, step, verdict } from './stand-in-activities';

type Handle = WorkflowHandleWithStartDetails<typeof researchCycle>;
const DAY_MS = 86_400_000;

function input(over: Partial<CycleInput['request']> = {}): CycleInput {
  const request = {
    focus: null,
    target: 'demo',
    maxHypotheses: 2,
    maxExperiments: 1,
    runsPerExperiment: 1,
    replayPairs: 5,
    budgetMicroUsd: null,
    ...over,
  };
  return { cycleId: randomUUID(), request, requestedBy: 'test', requestHash: 'hash' };
}

function decision(approvalId: string, verdictGiven: 'approved' | 'rejected', by = 'ana'): ApprovalDecision {
  return { approval_id: approvalId, decision: verdictGiven, decided_by: by };
}

describe('researchCycle', () => {
  let temporal: TemporalHarness;
  beforeAll(async () => void (temporal = await startDevServer()), 120_000);
  afterAll(() => temporal.stop());
  jest.setTimeout(20_000);

  const start = (over?: Partial<CycleInput['request']>): Promise<Handle> =>
    temporal.env.client.workflow.start(researchCycle, {
      workflowId: `cycle-${randomUUID()}`,
      taskQueue: temporal.taskQueue,
      args: [input(over)],
    });

  const waiting = (forMs: number) => ({
    assessActions: ({ actions }: { readonly actions: readonly ProposedAction[] }): Promise<GateVerdict[]> =>
      Promise.resolve(actions.map((action) => verdict(action, 'wait', Date.now() + forMs))),
  });

  it('tells all seven phases and ends completed', async () => {
    const { activities, recorded } = standIns();
    const outcome = await temporal.withActivities(activities, async () => (await start()).result());
    expect(outcome).toMatchObject({ state: 'completed', hypotheses: 2, experiments: 2, failures: 1 });
    expect(recorded.ran.toSorted()).toEqual(['e1', 'e2']);
    expect(recorded.closed).toEqual([{ state: 'completed', phase: 'learning', error: null }]);
  });

  it('neither follows up nor fixes the known failures that it replays', async () => {
    const never = () => Promise.reject(ApplicationFailure.nonRetryable('not of this cycle'));
    const { activities, recorded } = standIns({ planFollowUps: never, designInterventions: never });
    const outcome = await temporal.withActivities(activities, async () =>
      (await start({ regressions: true })).result(),
    );
    expect(outcome).toMatchObject({ state: 'completed', experiments: 2, failures: 1, simulations: 0 });
    expect(recorded.closed).toEqual([{ state: 'completed', phase: 'learning', error: null }]);
  });

  it('runs what a person approves and skips what a person rejects', async () => {
    const { activities, recorded, asked } = standIns(waiting(DAY_MS));
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      const [first, second] = await asked(2);
      await handle.executeUpdate(decideApprovalUpdate, { args: [decision(first ?? '', 'approved')] });
      await handle.signal(decideApprovalSignal, decision(second ?? '', 'rejected'));
      await handle.result();
    });
    expect(recorded.ran).toEqual(['e1']);
    expect(recorded.skipped).toEqual([{ subjectId: 'e2', reason: 'rejected' }]);
    expect(recorded.decisions.map(({ via, state }) => [via, state])).toEqual([
      ['update', 'approved'],
      ['signal', 'rejected'],
    ]);
  });

  it('lets one of 50 decisions of the same instant win', async () => {
    const one = () => Promise.resolve({ budgetExhausted: false, total: 1, steps: [step('e1')], more: false });
    const { activities, recorded, asked } = standIns({ ...waiting(DAY_MS), designExperiments: one });
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      const [id] = await asked(1);
      const attempts = Array.from({ length: 50 }, (_, person) =>
        handle.executeUpdate(decideApprovalUpdate, {
          updateId: `decision-${person}`,
          args: [decision(id ?? '', person % 2 === 0 ? 'approved' : 'rejected', `person-${person}`)],
        }),
      );
      const settled = await Promise.allSettled(attempts);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await handle.result();
    });
    expect(recorded.decisions).toHaveLength(1);
    expect(recorded.ran.length + recorded.skipped.length).toBe(1);
  });

  it('waits with a decision that arrives while the gate is still assessing', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { activities, recorded, asked } = standIns({
      assessActions: async ({ actions }) => {
        await held;
        return actions.map((action) => verdict(action, 'wait', Date.now() + DAY_MS));
      },
    });
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      const early = (await asked(2)).map((id) =>
        handle.executeUpdate(decideApprovalUpdate, { args: [decision(id, 'approved')] }),
      );
      release();
      await Promise.all(early);
      await handle.result();
    });
    expect(recorded.ran.toSorted()).toEqual(['e1', 'e2']);
  });

  it('ignores malformed signals and refuses malformed updates', async () => {
    const { activities, recorded, asked } = standIns(waiting(DAY_MS));
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      const ids = await asked(2);
      for (const junk of [null, 'approved', { approval_id: ids[0], decision: 'yes', decided_by: 'ana' }]) {
        await handle.signal<[unknown]>('decideApproval', junk);
        await expect(
          handle.executeUpdate<unknown, [unknown]>('decideApproval', { args: [junk] }),
        ).rejects.toMatchObject({
          cause: { type: 'invalid_decision' },
        });
      }
      await expect(
        handle.executeUpdate(decideApprovalUpdate, { args: [decision(randomUUID(), 'approved')] }),
      ).rejects.toMatchObject({ cause: { type: 'approval_not_found' } });
      for (const id of ids) await handle.signal(decideApprovalSignal, decision(id, 'approved'));
      await handle.result();
    });
    expect(recorded.decisions).toHaveLength(2);
  });

  it.each(['mode_changed', 'policy_changed'])(
    'asks the gate again after %s between gate and act',
    async (refusal) => {
      let refusals = 1;
      const { activities, recorded } = standIns();
      const changing = {
        ...activities,
        runExperiment: (asked: Parameters<typeof activities.runExperiment>[0]) => {
          if (asked.subjectId === 'e1' && refusals-- > 0) {
            return Promise.reject(ApplicationFailure.nonRetryable('changed', refusal));
          }
          return activities.runExperiment(asked);
        },
      };
      await temporal.withActivities(changing, async () => (await start()).result());
      expect(recorded.ran.toSorted()).toEqual(['e1', 'e2']);
      expect(recorded.skipped).toEqual([]);
    },
  );

  it('records a step that cannot be done and goes on', async () => {
    const { activities, recorded } = standIns({
      runExperiment: () =>
        Promise.reject(ApplicationFailure.nonRetryable('no such target', 'unknown_target')),
    });
    const outcome = await temporal.withActivities(activities, async () => (await start()).result());
    expect(outcome.state).toBe('completed');
    expect(recorded.skipped.map(({ reason }) => reason)).toEqual(['failed', 'failed']);
  });

  it('ends as budget_exhausted with what it has', async () => {
    const { activities, recorded } = standIns({
      runExperiment: () => Promise.resolve({ failed: 1, held: 0, unassessed: 4, budgetExhausted: true }),
      designExperiments: () =>
        Promise.resolve({
          budgetExhausted: false,
          total: 3,
          steps: ['e1', 'e2', 'e3'].map(step),
          more: false,
        }),
    });
    const outcome = await temporal.withActivities(activities, async () => (await start()).result());
    expect(outcome).toMatchObject({ state: 'budget_exhausted', failures: 1 });
    expect(recorded.skipped).toContainEqual({ subjectId: 'e3', reason: 'budget' });
  });

  it('ends as cancelled, with its approvals withdrawn', async () => {
    const { activities, recorded, asked } = standIns(waiting(DAY_MS));
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      await asked(2);
      await handle.cancel();
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    });
    expect(recorded.closed).toEqual([{ state: 'cancelled', phase: 'execution', error: null }]);
  });

  it('fails with the reason when a phase cannot be done', async () => {
    const { activities, recorded } = standIns({
      learn: () => Promise.reject(ApplicationFailure.nonRetryable('the graph is broken', 'not_found')),
    });
    await temporal.withActivities(activities, async () => {
      await expect((await start()).result()).rejects.toBeInstanceOf(WorkflowFailedError);
    });
    expect(recorded.closed).toEqual([{ state: 'failed', phase: 'learning', error: 'the graph is broken' }]);
  });

  it('starts no step while it is paused', async () => {
    const { activities, recorded, asked } = standIns(waiting(DAY_MS));
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      const ids = await asked(2);
      await handle.signal(pauseCycleSignal);
      for (const id of ids)
        await handle.executeUpdate(decideApprovalUpdate, { args: [decision(id, 'approved')] });
      expect((await handle.query(statusQuery)).paused).toBe(true);
      expect(recorded.ran).toEqual([]);
      await handle.signal(resumeCycleSignal);
      await handle.result();
    });
    expect(recorded.ran.toSorted()).toEqual(['e1', 'e2']);
    expect(recorded.pauses).toEqual([true, false]);
  });

  it('takes batch after batch until no more steps are planned', async () => {
    const batches = [['e1', 'e2'], ['e3']];
    const { activities, recorded } = standIns({
      designExperiments: () => {
        const steps = (batches.shift() ?? []).map(step);
        return Promise.resolve({ budgetExhausted: false, total: 3, steps, more: batches.length > 0 });
      },
    });
    const outcome = await temporal.withActivities(activities, async () => (await start()).result());
    expect(outcome.experiments).toBe(3);
    expect(recorded.ran.toSorted()).toEqual(['e1', 'e2', 'e3']);
  });
});
