import * as fc from 'fast-check';
import type { RunOutcome } from '../../../src/domain/experiment';
import { likelihoodRatio, sequentialOperation, sequentialVerdict } from '../../../src/domain/statistics';
import type { SequentialPlan } from '../../../src/domain/statistics';

const PLAN: SequentialPlan = { p0: 0.05, p1: 0.5, alpha: 0.05, beta: 0.05 };

const plans: fc.Arbitrary<SequentialPlan> = fc
  .record({
    p0: fc.double({ min: 0.01, max: 0.4, noNaN: true }),
    gap: fc.double({ min: 0.05, max: 0.55, noNaN: true }),
    alpha: fc.double({ min: 0.01, max: 0.2, noNaN: true }),
    beta: fc.double({ min: 0.01, max: 0.2, noNaN: true }),
  })
  .map(({ gap, ...plan }) => ({ ...plan, p1: plan.p0 + gap }));
const outcome: fc.Arbitrary<RunOutcome> = fc.constantFrom('failed', 'held', 'unassessed');
const outcomes = fc.array(outcome, { maxLength: 60 });
const rates = fc.double({ min: 0, max: 1, noNaN: true });

const repeat = (count: number, value: RunOutcome): RunOutcome[] => Array.from({ length: count }, () => value);

describe('sequentialVerdict', () => {
  it.each<[string, readonly (RunOutcome | undefined)[], string, number]>([
    ['two failures establish it', repeat(9, 'failed'), 'established', 2],
    ['five held runs refute it', repeat(9, 'held'), 'refuted', 5],
    ['one failure is not enough', ['failed'], 'undecided', 1],
    ['nothing is not enough', [], 'undecided', 0],
    ['errors count neither way', [...repeat(20, 'unassessed'), 'failed'], 'undecided', 21],
    ['errors between failures', ['failed', 'unassessed', 'failed', 'held'], 'established', 3],
    ['what is not back yet is waited for', ['failed', undefined, 'failed'], 'undecided', 1],
  ])('%s', (_, runs, verdict, after) => {
    expect(sequentialVerdict(runs, PLAN)).toMatchObject({ verdict, runs: after });
  });

  it('has the slope of the published lines', () => {
    // Wald, "Sequential Analysis" (1947), section 5.3: p0 = 0.1, p1 = 0.3; the lines of both verdicts rise by 0.186 a run.
    const perFailure = Math.log(likelihoodRatio(1, 0, 0.1, 0.3));
    const perHeld = Math.log(likelihoodRatio(0, 1, 0.1, 0.3));
    expect(-perHeld / (perFailure - perHeld)).toBeCloseTo(0.186, 3);
  });

  it('does not depend on what comes after the verdict, nor on the order in which runs arrive', () => {
    fc.assert(
      fc.property(plans, outcomes, fc.array(fc.nat()), (plan, runs, arrivals) => {
        const all = sequentialVerdict(runs, plan);
        expect(sequentialVerdict(runs.slice(0, all.runs), plan)).toEqual(all);
        const present = new Set<number>();
        for (const arrival of [...arrivals.map((i) => i % Math.max(1, runs.length)), ...runs.keys()]) {
          present.add(arrival);
          const soFar = sequentialVerdict(
            runs.map((run, i) => (present.has(i) ? run : undefined)),
            plan,
          );
          expect(soFar.verdict === 'undecided' ? all : soFar).toEqual(all);
        }
      }),
    );
  });

  it('is turned over when failed and held, and both rates, change places', () => {
    const turned = { established: 'refuted', refuted: 'established', undecided: 'undecided' } as const;
    fc.assert(
      fc.property(plans, outcomes, ({ p0, p1, alpha, beta }, runs) => {
        const opposite = runs.map((run) => (run === 'failed' ? 'held' : run === 'held' ? 'failed' : run));
        const there = sequentialVerdict(runs, { p0, p1, alpha, beta });
        const back = sequentialVerdict(opposite, { p0: 1 - p1, p1: 1 - p0, alpha: beta, beta: alpha });
        // But for rounding, where the ratio meets a bound exactly.
        fc.pre(
          Math.abs(there.likelihoodRatio - beta) > 1e-9 && Math.abs(there.likelihoodRatio - 1 / alpha) > 1e-9,
        );
        expect(back).toMatchObject({ verdict: turned[there.verdict], runs: there.runs });
      }),
    );
  });

  it.each([{ p0: 0, p1: 0.5 }, { p0: 0.5, p1: 0.5 }, { p0: 0.5, p1: 1 }, { alpha: 0 }, { beta: 1 }])(
    'refuses %j',
    (part) => {
      expect(() => sequentialVerdict([], { ...PLAN, ...part })).toThrow(RangeError);
      expect(() => sequentialOperation({ ...PLAN, ...part }, 5, 0.5)).toThrow(RangeError);
    },
  );
});

describe('sequentialOperation', () => {
  it('is what all sequences of outcomes come to', () => {
    fc.assert(
      fc.property(plans, rates, fc.integer({ min: 1, max: 9 }), (plan, rate, maxRuns) => {
        const expected = { established: 0, refuted: 0, undecided: 0, expectedRuns: 0 };
        for (let bits = 0; bits < 2 ** maxRuns; bits += 1) {
          const runs = Array.from({ length: maxRuns }, (_, i) => ((bits >> i) & 1 ? 'failed' : 'held'));
          const chance = runs.reduce((product, run) => product * (run === 'failed' ? rate : 1 - rate), 1);
          const found = sequentialVerdict(runs, plan);
          expected[found.verdict] += chance;
          expected.expectedRuns += chance * found.runs;
        }
        const operation = sequentialOperation(plan, maxRuns, rate);
        for (const key of ['established', 'refuted', 'undecided', 'expectedRuns'] as const) {
          expect(operation[key]).toBeCloseTo(expected[key], 9);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keeps both errors, however many runs there are', () => {
    fc.assert(
      fc.property(plans, rates, fc.integer({ min: 1, max: 150 }), (plan, share, maxRuns) => {
        const small = sequentialOperation(plan, maxRuns, plan.p0 * share);
        const large = sequentialOperation(plan, maxRuns, plan.p1 + (1 - plan.p1) * share);
        expect(small.established).toBeLessThanOrEqual(plan.alpha + 1e-9);
        expect(large.refuted).toBeLessThanOrEqual(plan.beta + 1e-9);
      }),
    );
  });

  it('establishes more the more often it fails, and saves runs', () => {
    const at = (rate: number) => sequentialOperation(PLAN, 20, rate);
    for (let rate = 0.05; rate <= 1; rate += 0.05) {
      expect(at(rate).established).toBeGreaterThan(at(rate - 0.05).established);
      expect(at(rate).expectedRuns).toBeLessThan(10);
    }
    expect(at(0).expectedRuns).toBe(5);
    expect(at(1).expectedRuns).toBe(2);
  });
});
