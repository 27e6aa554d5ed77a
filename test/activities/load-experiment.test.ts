import { experimentAction } from '../../activities/support/actions';
import type { TestCase } from '../../src/domain/experiment';
import { CallError } from '../../src/ports/call-error';
import { startExperimentWorld, type ExperimentWorld, type Played } from '../support/experiment-world';

jest.setTimeout(60_000);

const CASE: TestCase = {
  trigger: 'several requests at once',
  turns: ['Which pier?'],
  load: { alone: 1, requests: 8, concurrency: 4, countsRateLimits: true },
  failsWhen: { kind: 'rate_limited_above', share: 0.25 },
};
/** One of `startExperimentWorld`: ten tokens in, five out, a micro-dollar each. */
const CALL_MICRO_USD = 15;

let worlds: ExperimentWorld;
beforeAll(async () => void (worlds = await startExperimentWorld()), 60_000);
afterAll(() => worlds?.stop());

/** A service that has so many requests under way at most, and fails all others in this way. */
function holding(most: number, failure: () => CallError): Played & { readonly seen: { most: number } } {
  const seen = { most: 0, now: 0 };
  return {
    seen,
    takesMs: () => {
      seen.now += 1;
      seen.most = Math.max(seen.most, seen.now);
      return 5;
    },
    says: () => {
      const tooMany = seen.now > most;
      seen.now -= 1;
      if (tooMany) throw failure();
      return 'Pier 3.';
    },
  };
}

const turnedAway = () =>
  new CallError('rate_limited', '429', { retryable: true, maybeBilled: false, retryAfterMs: 1 });
const broken = () => new CallError('refused', '400', { retryable: false, maybeBilled: false });

async function runs(testCase: TestCase, played: Played) {
  const { stores, prisma } = worlds.world;
  const { cycleId, experimentId } = await worlds.designed([testCase], 3);
  const action = experimentAction(await stores.experiments.get(experimentId), worlds.target.describe);
  await worlds.run('runExperiment', { cycleId, action }, played);
  const recorded = await stores.experiments.runsOfCycle(cycleId);
  const entries = await prisma.costEntry.findMany({ where: { cycleId, source: 'target' } });
  return {
    recorded,
    outcomes: recorded.map(({ outcome }) => outcome),
    costs: entries.map(({ state, settledMicroUsd }) => `${state} ${settledMicroUsd}`),
  };
}

describe('an experiment with load', () => {
  it('takes requests that are turned away under load for the failure it looks for, one play at a time', async () => {
    const service = holding(2, turnedAway);
    const { recorded, outcomes } = await runs(CASE, service);
    expect(outcomes).toEqual(['failed', 'failed', 'failed']);
    expect(service.seen.most).toBe(4);
    expect(recorded[0]?.evidence).toEqual([
      {
        messageIndex: 2,
        quote: 'Which pier?',
        explanation: 'more than 25 % of 8 requests were turned away for their rate',
      },
    ]);
  });

  it('pays for the calls that were answered, and for no other', async () => {
    const { recorded, costs } = await runs(CASE, holding(2, turnedAway));
    const answered = recorded.map(
      ({ transcript }) => transcript.calls.filter(({ rateLimited }) => rateLimited !== true).length,
    );
    expect(costs.toSorted()).toEqual(answered.map((calls) => `settled ${calls * CALL_MICRO_USD}`).toSorted());
  });

  it('holds where none is turned away', async () => {
    expect((await runs(CASE, holding(4, turnedAway))).outcomes).toEqual(['held', 'held', 'held']);
  });

  it.each<[string, TestCase, () => CallError]>([
    [
      'turned away, in a case that does not count it',
      { ...CASE, load: { alone: 1, requests: 8, concurrency: 4 } },
      turnedAway,
    ],
    ['failed in another way', CASE, broken],
  ])('leaves runs unassessed whose requests were %s', async (_, testCase, failure) => {
    const { outcomes } = await runs(testCase, holding(2, failure));
    expect(outcomes).toEqual(['unassessed', 'unassessed', 'unassessed']);
  });
});
