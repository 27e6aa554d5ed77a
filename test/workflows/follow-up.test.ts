import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { CycleActivities } from '../../activities/contract';
import { researchCycle } from '../../workflows';
import { startDevServer } from '../support/temporal';
import type { TemporalHarness } from '../support/temporal';
import { workflowBundle } from '../support/workflow-bundle';
import { standIns, step, verdict } from './stand-in-activities';

const steps = (...ids: string[]) => ({
  budgetExhausted: false,
  total: ids.length,
  steps: ids.map(step),
  more: false,
});

describe('following up failures in a cycle', () => {
  let temporal: TemporalHarness;
  beforeAll(async () => void (temporal = await startDevServer()), 120_000);
  afterAll(() => temporal.stop());
  jest.setTimeout(30_000);

  /** Runs a cycle with one replay and one follow-up to its end, in the order in which these began and ended. */
  async function run(over: Partial<CycleActivities> = {}, budgetMicroUsd: number | null = null) {
    const story: string[] = [];
    const told = async (name: string, ms: number): Promise<void> => {
      story.push(`${name} begins`);
      await sleep(ms);
      story.push(`${name} ends`);
    };
    const { activities, recorded } = standIns({
      designExperiments: () => Promise.resolve(steps('e1')),
      designInterventions: () => Promise.resolve(steps('s1')),
      planFollowUps: () => Promise.resolve(steps('f1')),
      simulateIntervention: async () => {
        await told('replay', 150);
        return { verdict: 'improved', budgetExhausted: false };
      },
      followUpFailure: () => told('follow-up', 150),
      ...over,
    });
    const request = {
      ...{ focus: null, target: 'demo', maxHypotheses: 1, maxExperiments: 1, runsPerExperiment: 1 },
      ...{ replayPairs: 5, budgetMicroUsd },
    };
    const workflowId = `cycle-${randomUUID()}`;
    await temporal.withActivities(activities, async () => {
      const handle = await temporal.env.client.workflow.start(researchCycle, {
        workflowId,
        taskQueue: temporal.taskQueue,
        args: [{ cycleId: randomUUID(), request, requestedBy: 'test', requestHash: 'hash' }],
      });
      await handle.result();
    });
    return { story, recorded, workflowId };
  }

  it('happens beside the replays', async () => {
    const { story, recorded } = await run();
    expect(story.slice(0, 2).toSorted()).toEqual(['follow-up begins', 'replay begins']);
    expect(recorded.closed).toEqual([{ state: 'completed', phase: 'learning', error: null }]);
  });

  it('happens after the replays where the cycle has a budget of its own', async () => {
    const { story } = await run({}, 1_000_000);
    expect(story).toEqual(['replay begins', 'replay ends', 'follow-up begins', 'follow-up ends']);
  });

  it('does not begin once the budget is exhausted', async () => {
    const simulateIntervention = () => Promise.resolve({ verdict: null, budgetExhausted: true });
    const { story, recorded } = await run({ simulateIntervention }, 1_000_000);
    expect(story).toEqual([]);
    expect(recorded.skipped).toEqual([{ subjectId: 'f1', reason: 'budget' }]);
    expect(recorded.closed).toMatchObject([{ state: 'budget_exhausted' }]);
  });

  it('is not even planned where nothing failed', async () => {
    const { story } = await run({
      discoverFailures: () => Promise.resolve({ failures: 0, highestSeverity: null, budgetExhausted: false }),
      designInterventions: () => Promise.resolve(steps()),
    });
    expect(story).toEqual([]);
  });

  it('that breaks ends nothing but itself', async () => {
    const followUpFailure = (): Promise<void> =>
      Promise.reject(ApplicationFailure.nonRetryable('no such failure'));
    const { story, recorded } = await run({ followUpFailure });
    expect(story).toEqual(['replay begins', 'replay ends']);
    expect(recorded.skipped).toEqual([{ subjectId: 'f1', reason: 'failed' }]);
    expect(recorded.closed).toMatchObject([{ state: 'completed' }]);
  });

  it.each([
    [0, 0, 0],
    [0, 30, 0],
    [30, 0, 20],
    [60, 20, 0],
    [20, 60, 40],
  ])('is replayed as it was, whatever comes back first (%i, %i, %i ms)', async (assessMs, planMs, skipMs) => {
    const breaks = async (): Promise<never> => {
      await sleep(30);
      throw ApplicationFailure.nonRetryable('broken');
    };
    const skipped: string[] = [];
    const { workflowId } = await run({
      designInterventions: () => Promise.resolve(steps('s1', 's2', 's3')),
      planFollowUps: async () => {
        await sleep(planMs);
        return steps('f1', 'f2', 'f3');
      },
      assessActions: async ({ actions }) => {
        await sleep(assessMs);
        return actions.map((action) => verdict(action, 'go'));
      },
      skipStep: async ({ subjectId }) => {
        await sleep(skipMs);
        skipped.push(subjectId);
      },
      simulateIntervention: breaks,
      followUpFailure: breaks,
    });
    expect(skipped.toSorted()).toEqual(['f1', 'f2', 'f3', 's1', 's2', 's3']);
    const history = await temporal.env.client.workflow.getHandle(workflowId).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history);
  });
});
