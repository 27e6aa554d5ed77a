import * as fc from 'fast-check';
import { CYCLE_REQUEST_LIMITS } from '../../src/domain/cycle';
import { FAILURE_STATES } from '../../src/domain/failure';
import { judgeRegression, regressionStop, sizeRegression } from '../../src/domain/regression';
import { rateOf } from '../../src/domain/statistics';

const ALL = CYCLE_REQUEST_LIMITS.runsPerExperiment.max;
const size = (count: number, n: number, given: Partial<Parameters<typeof sizeRegression>[0]> = {}) =>
  sizeRegression({ recorded: rateOf(count, n), cases: 1, requested: ALL, affordable: Infinity, ...given });

/** A recorded rate: at least one failed run. */
const recorded = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 60 }))
  .map(([failed, held]) => rateOf(failed, failed + held));

describe('how often a known failure is replayed', () => {
  it('is as often as it takes to show at the lower end of its interval with a chance of 95 %', () => {
    // 1 − (1 − 0.5655)^4 = 0.964, with three runs 0.918.
    expect(size(5, 5)).toMatchObject({ runs: 4, chosenBy: 'power' });
    expect(size(5, 5).power).toBeCloseTo(0.964, 3);
    // The lower end is 0.0362: 1 − (1 − 0.0362)^82 = 0.9514.
    expect(size(1, 5)).toMatchObject({ runs: 82, chosenBy: 'power' });
    expect(size(1, 5).power).toBeCloseTo(0.9514, 3);
  });

  it('is at least three times, and each case once', () => {
    expect(size(40, 40).runs).toBe(3);
    expect(size(40, 40, { cases: 7 }).runs).toBe(7);
  });

  it('says what keeps it below that, and what it can show then', () => {
    expect(size(5, 5, { requested: 2 })).toMatchObject({ runs: 2, chosenBy: 'request' });
    expect(size(5, 5, { affordable: 1 })).toMatchObject({ runs: 1, chosenBy: 'budget' });
    expect(size(5, 5, { affordable: 0 })).toMatchObject({ runs: 1, chosenBy: 'budget' });
    expect(size(1, 20)).toMatchObject({ runs: ALL, chosenBy: 'limit' });
    expect(size(1, 20).power).toBeLessThan(0.95);
  });

  it('suffices, where nothing limits it, to call a failure fixed whose runs all hold', () => {
    fc.assert(
      fc.property(recorded, fc.integer({ min: 1, max: 12 }), (rate, cases) => {
        const { runs, chosenBy } = size(rate.count, rate.n, { cases });
        const { verdict } = judgeRegression({ was: 'open', recorded: rate }, { failed: 0, held: runs });
        expect(verdict).toBe(chosenBy === 'power' ? 'fixed' : 'inconclusive');
      }),
    );
  });
});

describe('what the runs say of a known failure', () => {
  it.each([
    ['open', 'still_failing'],
    ['not_reproduced', 'regressed'],
    ['resolved', 'regressed'],
  ] as const)('that was %s and failed once: %s', (was, verdict) => {
    expect(judgeRegression({ was, recorded: rateOf(5, 5) }, { failed: 1, held: 99 })).toEqual({
      verdict,
      chanceUnseen: null,
    });
  });

  it('whose runs all held depends on what the record allows', () => {
    const after = (held: number) =>
      judgeRegression({ was: 'open', recorded: rateOf(5, 5) }, { failed: 0, held });
    expect(after(0)).toEqual({ verdict: 'unassessed', chanceUnseen: null });
    expect(after(3).verdict).toBe('inconclusive');
    expect(after(3).chanceUnseen).toBeCloseTo(0.082, 3);
    expect(after(4).verdict).toBe('fixed');
    expect(after(4).chanceUnseen).toBeCloseTo(0.036, 3);
  });

  it('is wrong in at most 5 % of the replays of a failure whose rate is within its record', () => {
    fc.assert(
      fc.property(recorded, fc.integer({ min: 1, max: 100 }), (rate, held) => {
        const { verdict } = judgeRegression({ was: 'open', recorded: rate }, { failed: 0, held });
        const low = rate.low ?? 0;
        expect(verdict === 'fixed' ? (1 - low) ** held : 0).toBeLessThanOrEqual(0.05 + 1e-9);
      }),
    );
  });

  it('never turns better with a failed run, nor worse with a held one', () => {
    const worth = ['unassessed', 'inconclusive', 'fixed'];
    fc.assert(
      fc.property(fc.constantFrom(...FAILURE_STATES), recorded, fc.nat({ max: 99 }), (was, rate, held) => {
        const of = (failed: number, more: number) =>
          judgeRegression({ was, recorded: rate }, { failed, held: held + more }).verdict;
        expect(['still_failing', 'regressed']).toContain(of(1, 0));
        expect(worth).toContain(of(0, 0));
        expect(worth.indexOf(of(0, 1))).toBeGreaterThanOrEqual(worth.indexOf(of(0, 0)));
      }),
    );
  });
});

describe('a replay', () => {
  const cases = [{ trigger: 'x', turns: ['?'], failsWhen: { kind: 'refusal' as const } }];
  const five = { recorded: rateOf(5, 5) };

  it('stops once the failure is established, and never because it did not show', () => {
    expect(regressionStop(cases, five, ['failed', 'failed', 'failed'])).toMatchObject({
      afterRuns: 3,
      triggers: [{ verdict: 'established', p1: five.recorded.low }],
    });
    const held = Array.from({ length: 50 }, () => 'held' as const);
    expect(regressionStop(cases, five, held)).toBeNull();
    expect(
      regressionStop(
        cases,
        five,
        held.map(() => 'unassessed' as const),
      ),
    ).toBeNull();
  });
});
