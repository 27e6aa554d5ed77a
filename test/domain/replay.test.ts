import * as fc from 'fast-check';
import { RUN_OUTCOMES } from '../../src/domain/experiment';
import type { RunOutcome } from '../../src/domain/experiment';
import { judgeReplay, planPairs } from '../../src/domain/replay';
import type { ReplayedPair } from '../../src/domain/replay';

interface Cells {
  readonly both?: number;
  readonly fixed?: number;
  readonly broken?: number;
  readonly neither?: number;
  readonly unassessed?: number;
}

const repeat = (count: number | undefined, baseline: RunOutcome, candidate: RunOutcome): ReplayedPair[] =>
  Array.from({ length: count ?? 0 }, () => ({ baseline, candidate }));

const pairs = ({ both, fixed, broken, neither, unassessed }: Cells): ReplayedPair[] => [
  ...repeat(both, 'failed', 'failed'),
  ...repeat(fixed, 'failed', 'held'),
  ...repeat(broken, 'held', 'failed'),
  ...repeat(neither, 'held', 'held'),
  ...repeat(unassessed, 'failed', 'unassessed'),
];

const NO_HARM: Cells = { neither: 15 };

describe('judgeReplay', () => {
  it.each<[string, Cells, Cells, string]>([
    ['six of six fixed', { fixed: 6 }, NO_HARM, 'improved'],
    ['five of five fixed', { fixed: 5 }, NO_HARM, 'inconclusive'],
    ['nothing changed in five', { both: 5 }, NO_HARM, 'inconclusive'],
    ['most of thirty fixed', { both: 4, fixed: 24, neither: 2 }, NO_HARM, 'improved'],
    ['nine fixed and one broken', { fixed: 9, broken: 1, both: 20 }, NO_HARM, 'improved'],
    ['eight fixed and two broken', { fixed: 8, broken: 2, both: 20 }, NO_HARM, 'inconclusive'],
    ['six broken', { broken: 6, neither: 24 }, NO_HARM, 'degraded'],
    ['six broken, and controls too', { broken: 6 }, { broken: 15 }, 'degraded'],
    ['fixed, with five of five controls broken', { fixed: 30 }, { broken: 5 }, 'side_effect'],
    ['fixed, with four of four controls broken', { fixed: 30 }, { broken: 4 }, 'improved'],
    ['no use, with controls broken', { both: 30 }, { broken: 5, neither: 10 }, 'side_effect'],
    ['nothing changed in thirty', { both: 30 }, NO_HARM, 'no_change'],
    ['nothing changed in ten', { both: 10 }, NO_HARM, 'inconclusive'],
    ['as many broken as fixed', { both: 80, fixed: 5, broken: 5, neither: 10 }, NO_HARM, 'no_change'],
    ['the failure never showed', { neither: 30 }, NO_HARM, 'inconclusive'],
    ['the failure showed too rarely', { both: 3, neither: 97 }, NO_HARM, 'inconclusive'],
    ['more broken than fixed, not surely', { both: 20, broken: 5, neither: 5 }, NO_HARM, 'inconclusive'],
    ['nothing assessed', { unassessed: 30 }, NO_HARM, 'inconclusive'],
    ['no controls', { fixed: 30 }, {}, 'improved'],
  ])('%s: %j with controls %j is %s', (_, failing, controls, verdict) => {
    expect(judgeReplay(pairs(failing), pairs(controls)).verdict).toBe(verdict);
  });

  it('reports figures and says them', () => {
    const failing = pairs({ both: 3, fixed: 24, broken: 1, neither: 2, unassessed: 2 });
    const result = judgeReplay(failing, pairs({ neither: 14, broken: 1 }));
    expect(result.failing).toMatchObject({
      pairs: 30,
      unassessedPairs: 2,
      baselineFailed: 27,
      candidateFailed: 4,
      fixed: 24,
      broken: 1,
    });
    expect(result.failing.pValue).toBeCloseTo((2 * 26) / 2 ** 25, 12);
    expect(result.failing.effect).toBeCloseTo(23 / 30, 12);
    expect(result.reason).toBe(
      'The change makes the failure rarer: 27 of 30 failed without it and 4 with it, 24 fixed and 1 broken, ' +
        'effect 77 points (95 % interval 52 to 88), two-sided p < 0.0001; controls: 0 of 15 failed without it and ' +
        '1 with it, 0 fixed and 1 broken, one-sided p = 0.5000 for harm; 2 pairs could not be assessed.',
    );
  });

  it.each([
    [6, 1, 'improved'],
    [6, 2, 'inconclusive'],
    [7, 3, 'improved'],
    [7, 4, 'inconclusive'],
  ])('%i of ten fixed, as one of %i candidates, is %s', (fixed, candidates, verdict) => {
    const result = judgeReplay(pairs({ fixed, neither: 10 - fixed }), pairs(NO_HARM), candidates);
    expect(result).toMatchObject({ verdict, candidates, level: 0.05 / candidates });
  });

  it('names the share of the error budget where there are several candidates', () => {
    const { reason } = judgeReplay(pairs({ fixed: 10 }), pairs(NO_HARM), 3);
    expect(reason).toContain('two-sided p = 0.0020 (1.67 % as one of 3 candidates); controls:');
  });

  it('finds harm however many candidates there are', () => {
    expect(judgeReplay(pairs({ broken: 6 }), pairs(NO_HARM), 10).verdict).toBe('degraded');
    expect(judgeReplay(pairs({ fixed: 30 }), pairs({ broken: 5 }), 10).verdict).toBe('side_effect');
  });

  it('says when nothing is known', () => {
    const result = judgeReplay([], []);
    expect(result.reason).toBe(
      'The replay does not tell whether the change helps: no pair was assessed; ' +
        'no control was assessed, so side effects are unknown.',
    );
    expect(result.failing).toMatchObject({
      pairs: 0,
      effect: null,
      effectLow: null,
      effectHigh: null,
      pValue: 1,
    });
    expect(result.controls).toMatchObject({ pairs: 0, unassessedPairs: 0 });
  });
});

describe('laws of judgeReplay', () => {
  const pair = fc.record({
    baseline: fc.constantFrom(...RUN_OUTCOMES),
    candidate: fc.constantFrom(...RUN_OUTCOMES),
  });
  const lists = fc.array(pair, { maxLength: 80 });
  const isAssessed = ({ baseline, candidate }: ReplayedPair): boolean =>
    baseline !== 'unassessed' && candidate !== 'unassessed';

  it('the order of the pairs makes no difference', () => {
    const shuffled = lists.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, shuffled, ([failing, mixed], [controls, mixedControls]) => {
        expect(judgeReplay(mixed, mixedControls)).toEqual(judgeReplay(failing, controls));
      }),
    );
  });

  it('unassessed pairs change nothing but their count', () => {
    fc.assert(
      fc.property(lists, lists, (failing, controls) => {
        const all = judgeReplay(failing, controls);
        const assessed = judgeReplay(failing.filter(isAssessed), controls.filter(isAssessed));
        expect(all.verdict).toBe(assessed.verdict);
        expect({ ...all.failing, unassessedPairs: 0 }).toEqual(assessed.failing);
        expect({ ...all.controls, unassessedPairs: 0 }).toEqual(assessed.controls);
        expect(all.failing.pairs + all.failing.unassessedPairs).toBe(failing.length);
      }),
    );
  });

  it('exchanging the lanes turns improved into degraded and the effect over', () => {
    fc.assert(
      fc.property(lists, (failing) => {
        const there = judgeReplay(failing, []);
        const back = judgeReplay(
          failing.map(({ baseline, candidate }) => ({ baseline: candidate, candidate: baseline })),
          [],
        );
        expect(back.verdict === 'degraded').toBe(there.verdict === 'improved');
        expect(back.failing.pValue).toBe(there.failing.pValue);
        expect((back.failing.effect ?? 0) + (there.failing.effect ?? 0)).toBe(0);
      }),
    );
  });

  it('the effect is the difference of the rates and lies in its interval', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const { failing } = judgeReplay(list, []);
        expect(failing.fixed - failing.broken).toBe(failing.baselineFailed - failing.candidateFailed);
        expect(failing.effect ?? 0).toBeGreaterThanOrEqual(failing.effectLow ?? 0);
        expect(failing.effect ?? 0).toBeLessThanOrEqual(failing.effectHigh ?? 0);
      }),
    );
  });

  it('five pairs never show an effect, nor that there is none', () => {
    const five = fc.array(pair.filter(isAssessed), { maxLength: 5 });
    fc.assert(
      fc.property(five, lists, (failing, controls) => {
        expect(['inconclusive', 'side_effect']).toContain(judgeReplay(failing, controls).verdict);
      }),
    );
  });
});

describe('a change that does nothing', () => {
  /** Probability of each count of fixed and broken pairs when each pair is fixed, or broken, with probability `q`. */
  function* discordances(
    n: number,
    q: number,
  ): Generator<{ fixed: number; broken: number; probability: number }> {
    const logFactorial = [0];
    for (let i = 1; i <= n; i += 1) logFactorial.push((logFactorial[i - 1] ?? 0) + Math.log(i));
    const log = (i: number): number => logFactorial[i] ?? NaN;
    for (let fixed = 0; fixed <= n; fixed += 1) {
      for (let broken = 0; fixed + broken <= n; broken += 1) {
        const same = n - fixed - broken;
        const ways = Math.exp(log(n) - log(fixed) - log(broken) - log(same));
        yield { fixed, broken, probability: ways * q ** (fixed + broken) * (1 - 2 * q) ** same };
      }
    }
  }

  it.each([5, 6, 10, 30, 60])(
    'over %i pairs is called improved at most once in forty, degraded likewise',
    (n) => {
      for (const q of [0.01, 0.05, 0.1, 0.25, 0.4, 0.5]) {
        let total = 0;
        const called = { improved: 0, degraded: 0 };
        for (const { fixed, broken, probability } of discordances(n, q)) {
          const { verdict } = judgeReplay(pairs({ fixed, broken, both: n - fixed - broken }), pairs(NO_HARM));
          total += probability;
          if (verdict === 'improved' || verdict === 'degraded') called[verdict] += probability;
        }
        expect(total).toBeCloseTo(1, 9);
        expect(called.improved).toBeLessThanOrEqual(0.025);
        expect(called.degraded).toBeLessThanOrEqual(0.025);
      }
    },
  );

  it('on a target that obeys its seed is not called improved because its runs were picked for failing', () => {
    // Each configuration answers each seed in its own way, as a model does when a word of its prompt changes.
    const draw = (trial: number, lane: string, seed: number): number => {
      let state = trial * 2_654_435_761 + seed * 40_503 + (lane === 'candidate' ? 97_531 : 0);
      for (let round = 0; round < 3; round += 1) {
        state = Math.imul(state ^ (state >>> 16), 0x45d9f3b) + 0x9e3779b9;
      }
      return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
    };
    const outcome = (trial: number, lane: string, seed: number): RunOutcome =>
      draw(trial, lane, seed) < 0.4 ? 'failed' : 'held';
    const trials = 4_000;
    let improved = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const seeds = Array.from({ length: 20 }, (_, seed) => seed);
      const failingRuns = seeds.filter((seed) => outcome(trial, 'baseline', seed) === 'failed');
      const replayed = planPairs({ failingRuns, controls: [], replayPairs: 30 }).map(({ seed }) => ({
        baseline: outcome(trial, 'baseline', seed),
        candidate: outcome(trial, 'candidate', seed),
      }));
      if (judgeReplay(replayed, []).verdict === 'improved') improved += 1;
    }
    const simulationError = 4 * Math.sqrt((0.05 * 0.95) / trials);
    expect(improved / trials).toBeLessThanOrEqual(0.05 + simulationError);
  });
});
