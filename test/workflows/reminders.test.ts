import { randomUUID } from 'node:crypto';
import { ApplicationFailure, type WorkflowHandleWithStartDetails } from '@temporalio/client';
import type { CycleActivities } from '../../activities/contract';
import { remindersOf } from '../../src/domain/approval-rules';
import type { ApprovalDecision } from '../../src/domain/approval';
import { researchCycle } from '../../workflows';
import { decideApprovalUpdate } from '../../workflows/messages';
import { startTimeSkipping, type TemporalHarness } from '../support/temporal';
import { standIns, step, verdict, type StandIns } from './stand-in-activities';

type Handle = WorkflowHandleWithStartDetails<typeof researchCycle>;
const DAY_MS = 86_400_000;
const SHARES = { reminderAt: 0.5, escalateAt: 0.8 };

describe('people who are asked', () => {
  let temporal: TemporalHarness;
  beforeAll(async () => void (temporal = await startTimeSkipping()), 120_000);
  afterAll(() => temporal.stop());
  jest.setTimeout(50_000);

  const now = () => temporal.env.currentTimeMs();

  /** One experiment that waits so long for a person; its times are those of the server's clock. */
  function oneQuestion(
    waitMs: number,
    over: Partial<CycleActivities> = {},
  ): StandIns & { readonly sent: [string, number][] } {
    let askedAt = 0;
    const sent: [string, number][] = [];
    const ins = standIns({
      designExperiments: () =>
        Promise.resolve({ budgetExhausted: false, total: 1, steps: [step('e1')], more: false }),
      assessActions: async ({ actions }) => {
        askedAt = await now();
        return actions.map((action) => ({
          ...verdict(action, 'wait', askedAt + waitMs),
          reminders: remindersOf(askedAt, askedAt + waitMs, SHARES),
        }));
      },
      remindApproval: async ({ kind }) => {
        sent.push([kind, Math.round((100 * ((await now()) - askedAt)) / waitMs)]);
      },
      ...over,
    });
    return { ...ins, sent };
  }

  const start = (): Promise<Handle> => {
    const request = {
      focus: null,
      target: 'demo',
      maxHypotheses: 1,
      maxExperiments: 1,
      runsPerExperiment: 1,
      replayPairs: 5,
      budgetMicroUsd: null,
    };
    const input = { cycleId: randomUUID(), request, requestedBy: 'test', requestHash: 'hash' };
    const { taskQueue, env } = temporal;
    return env.client.workflow.start(researchCycle, {
      workflowId: `cycle-${randomUUID()}`,
      taskQueue,
      args: [input],
    });
  };
  const approval = (approvalId: string): ApprovalDecision => ({
    approval_id: approvalId,
    decision: 'approved',
    decided_by: 'ana',
  });
  const timers = async (handle: Handle) => {
    const events = (await handle.fetchHistory()).events ?? [];
    return {
      started: events.filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes).length,
      fired: events.filter(({ timerFiredEventAttributes }) => timerFiredEventAttributes).length,
      canceled: events.filter(({ timerCanceledEventAttributes }) => timerCanceledEventAttributes).length,
    };
  };

  it.each([1, 365])('are reminded, then others are told, then it expires, in %d day(s)', async (days) => {
    const { activities, recorded, sent } = oneQuestion(days * DAY_MS);
    const handle = await temporal.withActivities(activities, async () => {
      const started = await start();
      await started.result();
      return started;
    });
    expect(sent).toEqual([
      ['reminder', 50],
      ['escalation', 80],
    ]);
    expect(recorded.decisions).toMatchObject([{ state: 'expired', via: 'deadline' }]);
    expect(recorded.skipped).toMatchObject([{ reason: 'expired' }]);
    expect(await timers(handle)).toEqual({ started: 3, fired: 3, canceled: 0 });
  });

  it.each([
    ['at once', 0, []],
    ['after the reminder', 0.6, ['reminder']],
    ['after the escalation', 0.9, ['reminder', 'escalation']],
  ])('hear no more once it is decided, %s', async (_when, share, kinds) => {
    const waitMs = 10 * DAY_MS;
    const { activities, sent, asked, recorded } = oneQuestion(waitMs);
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      const [id = ''] = await asked(1);
      if (share > 0) await temporal.env.sleep(share * waitMs);
      await handle.executeUpdate(decideApprovalUpdate, { args: [approval(id)] });
      await handle.result();
      const { started, fired, canceled } = await timers(handle);
      expect({ fired, open: started - fired - canceled }).toEqual({ fired: kinds.length, open: 0 });
      await temporal.env.sleep(waitMs);
    });
    expect(sent.map(([kind]) => kind)).toEqual(kinds);
    expect(recorded.ran).toEqual(['e1']);
  });

  it('are not told late of what the next word overtakes', async () => {
    const askedMs = (await now()) - 8.5 * DAY_MS;
    const deadlineMs = askedMs + 10 * DAY_MS;
    const { activities, sent, recorded } = oneQuestion(10 * DAY_MS, {
      assessActions: ({ actions }) =>
        Promise.resolve(
          actions.map((action) => ({
            ...verdict(action, 'wait', deadlineMs),
            reminders: remindersOf(askedMs, deadlineMs, SHARES),
          })),
        ),
    });
    await temporal.withActivities(activities, async () => (await start()).result());
    expect(sent.map(([kind]) => kind)).toEqual(['escalation']);
    expect(recorded.decisions).toMatchObject([{ state: 'expired' }]);
  });

  it('are refused when they answer after the deadline, even if its timer has not been seen', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { activities, asked, recorded, sent } = oneQuestion(DAY_MS, {
      assessActions: async ({ actions }) => {
        await held;
        const passedMs = (await now()) - 1_000;
        return actions.map((action) => ({
          ...verdict(action, 'wait', passedMs),
          reminders: remindersOf(passedMs - DAY_MS, passedMs, SHARES),
        }));
      },
    });
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      const [id = ''] = await asked(1);
      const late = handle.executeUpdate(decideApprovalUpdate, { args: [approval(id)] });
      release();
      await expect(late).rejects.toMatchObject({
        cause: { type: 'approval_already_decided', details: [{ state: 'expired', via: 'deadline' }] },
      });
      await handle.result();
    });
    expect(recorded.decisions).toMatchObject([{ state: 'expired' }]);
    expect(recorded.ran).toEqual([]);
    expect(sent).toEqual([]);
  });

  it('keep their question when nobody can be reminded', async () => {
    const failing = { remindApproval: () => Promise.reject(ApplicationFailure.nonRetryable('no such row')) };
    const { activities, recorded } = oneQuestion(DAY_MS, failing);
    await temporal.withActivities(activities, async () => {
      const handle = await start();
      expect(await handle.result()).toMatchObject({ state: 'completed' });
    });
    expect(recorded.decisions).toMatchObject([{ state: 'expired' }]);
  });

  it('are not asked when policy rejects for them', async () => {
    const { activities, recorded } = standIns({
      assessActions: ({ actions }) =>
        Promise.resolve(
          actions.map((action) => ({ ...verdict(action, 'refused'), tier: 'review' as const })),
        ),
    });
    await temporal.withActivities(activities, async () => (await start()).result());
    expect(recorded.skipped.map(({ reason }) => reason)).toEqual(['rejected', 'rejected']);
    expect(recorded.decisions).toEqual([]);
  });
});
