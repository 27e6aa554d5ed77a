import { randomUUID } from 'node:crypto';
import { ApplicationFailure, type WorkflowHandleWithStartDetails } from '@temporalio/client';
import type { CycleInput } from '../../src/domain/cycle';
import type { ApprovalDecision, GateVerdict, ProposedAction } from '../../src/domain/approval';
import { researchCycle } from '../../workflows';
import { decideApprovalUpdate } from '../../workflows/messages';
import { startTimeSkipping } from '../support/temporal';
import type { TemporalHarness } from '../support/temporal';
import { standIns, verdict } from './stand-in-activities';

type Handle = WorkflowHandleWithStartDetails<typeof researchCycle>;
const DAY_MS = 86_400_000;
/** No sticky queue: on the skipped clock nothing would ever time out of the queue of a worker that is gone. */
const UNCACHED = { maxCachedWorkflows: 0 };

function input(): CycleInput {
  const request = {
    focus: null,
    target: 'demo',
    maxHypotheses: 2,
    maxExperiments: 1,
    runsPerExperiment: 1,
    replayPairs: 5,
    budgetMicroUsd: null,
  };
  return { cycleId: randomUUID(), request, requestedBy: 'test', requestHash: 'hash' };
}

function decision(approvalId: string, verdictGiven: 'approved' | 'rejected', by = 'ana'): ApprovalDecision {
  return { approval_id: approvalId, decision: verdictGiven, decided_by: by };
}

describe('a cycle that waits for people', () => {
  let temporal: TemporalHarness;
  beforeAll(async () => void (temporal = await startTimeSkipping()), 120_000);
  afterAll(() => temporal.stop());
  jest.setTimeout(50_000);

  const start = (): Promise<Handle> =>
    temporal.env.client.workflow.start(researchCycle, {
      workflowId: `cycle-${randomUUID()}`,
      taskQueue: temporal.taskQueue,
      args: [input()],
    });

  /** Waits until the deadlines of so many approvals are timers of the server. */
  const parked = async (handle: Handle, count: number): Promise<void> => {
    let timers = 0;
    while (timers < count) {
      const { events } = await handle.fetchHistory();
      timers = (events ?? []).filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes).length;
    }
  };
  const waiting = (forMs: number) => ({
    assessActions: ({ actions }: { readonly actions: readonly ProposedAction[] }): Promise<GateVerdict[]> =>
      Promise.resolve(actions.map((action) => verdict(action, 'wait', Date.now() + forMs))),
  });

  it('obeys a decision after 90 days and a worker restart, and refuses a second one', async () => {
    const { activities, recorded, asked } = standIns(waiting(365 * DAY_MS));
    const handle = await temporal.withActivities(
      activities,
      async () => {
        const started = await start();
        await parked(started, 2);
        return started;
      },
      UNCACHED,
    );
    await temporal.env.sleep('90 days');
    await temporal.withActivities(
      activities,
      async () => {
        const ids = await asked(2);
        const approve = (id = '') =>
          handle.executeUpdate(decideApprovalUpdate, { args: [decision(id, 'approved')] });
        expect(await approve(ids[0])).toMatchObject({ state: 'approved', via: 'update' });
        await approve(ids[1]);
        const again = handle.executeUpdate(decideApprovalUpdate, {
          args: [decision(ids[0] ?? '', 'rejected')],
        });
        await expect(again).rejects.toMatchObject({ cause: { type: 'approval_already_decided' } });
        expect(await handle.result()).toMatchObject({ state: 'completed' });
      },
      UNCACHED,
    );
    expect(recorded.ran.toSorted()).toEqual(['e1', 'e2']);
    expect(recorded.decisions.map(({ state }) => state)).toEqual(['approved', 'approved']);
  });

  it('takes silence until the deadline as not approved and goes on without the step', async () => {
    const { activities, recorded } = standIns(waiting(7 * DAY_MS));
    const outcome = await temporal.withActivities(activities, async () => (await start()).result());
    expect(outcome.state).toBe('completed');
    expect(recorded.ran).toEqual([]);
    expect(recorded.skipped.map(({ reason }) => reason)).toEqual(['expired', 'expired']);
    expect(recorded.decisions.every(({ via }) => via === 'deadline')).toBe(true);
  });

  it('asks ever more slowly when the executor never agrees with the gate', async () => {
    let refusals = 10;
    const { activities, recorded, asked } = standIns();
    const disagreeing = {
      ...activities,
      runExperiment: (step: Parameters<typeof activities.runExperiment>[0]) => {
        if (step.subjectId === 'e1' && refusals-- > 0) {
          return Promise.reject(ApplicationFailure.nonRetryable('another policy', 'policy_changed'));
        }
        return activities.runExperiment(step);
      },
    };
    await temporal.withActivities(disagreeing, async () => {
      const handle = await start();
      await handle.result();
      const { startTime, closeTime } = await handle.describe();
      // At once, then after 1, 2, 4, 8, 16, 32 and three times 60 seconds.
      expect(Math.floor(((closeTime?.getTime() ?? 0) - startTime.getTime()) / 1_000)).toBeGreaterThanOrEqual(
        243,
      );
    });
    expect((await asked(12)).length).toBe(12);
    expect(recorded.ran.toSorted()).toEqual(['e1', 'e2']);
  });
});
