import * as fc from 'fast-check';
import {
  binomialProbability,
  mcnemarExact,
  pairedPower,
  pairsForPower,
  ratePower,
  runsForPower,
} from '../../../src/domain/statistics';

const LIMITS = { min: 5, max: 500 };
const WORTH_FINDING = { removedShare: 0.8, level: 0.05 };

describe('pairedPower', () => {
  it('is the sum over all outcomes of so many pairs', () => {
    for (const [pairs, baselineRate, removedShare, level] of [
      [6, 1, 1, 0.05],
      [12, 0.6, 0.8, 0.05],
      [25, 0.3, 0.5, 0.02],
    ] as const) {
      const candidateRate = baselineRate * (1 - removedShare);
      let expected = 0;
      for (let failed = 0; failed <= pairs; failed += 1) {
        for (let fixed = 0; fixed <= failed; fixed += 1) {
          for (let broken = 0; broken <= pairs - failed; broken += 1) {
            if (fixed <= broken || mcnemarExact(fixed, broken) > level) continue;
            expected +=
              binomialProbability(failed, pairs, baselineRate) *
              binomialProbability(fixed, failed, 1 - candidateRate) *
              binomialProbability(broken, pairs - failed, candidateRate);
          }
        }
      }
      expect(pairedPower(pairs, { baselineRate, removedShare, level })).toBeCloseTo(expected, 10);
    }
  });

  it('rises with the failure rate and the share removed, and falls with the level', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        share,
        share,
        share,
        (pairs, baselineRate, removed, more) => {
          const [least, most] = [Math.min(removed, more), Math.max(removed, more)];
          const power = (removedShare: number, level = 0.05) =>
            pairedPower(pairs, { baselineRate, removedShare, level });
          expect(power(most)).toBeGreaterThanOrEqual(power(least) - 1e-9);
          expect(power(removed, 0.01)).toBeLessThanOrEqual(power(removed) + 1e-9);
          expect(power(most)).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is at most half the level where nothing is removed', () => {
    for (const baselineRate of [0.05, 0.3, 0.5, 0.9]) {
      expect(pairedPower(60, { baselineRate, removedShare: 0, level: 0.05 })).toBeLessThanOrEqual(0.025);
    }
  });
});

describe('pairsForPower', () => {
  it.each([
    [1, 9],
    [0.5, 31],
    [0.2, 90],
  ])('against 80 %% of a failure rate of %d takes %i pairs', (baselineRate, n) => {
    const needed = pairsForPower({ ...WORTH_FINDING, baselineRate }, 0.9, LIMITS);
    expect(needed.n).toBe(n);
    expect(needed.power).toBeCloseTo(pairedPower(n, { ...WORTH_FINDING, baselineRate }), 12);
    expect(pairedPower(n - 1, { ...WORTH_FINDING, baselineRate })).toBeLessThan(0.9);
  });

  it('suffices, and stays sufficient, or is the most allowed', () => {
    const rate = fc.double({ min: 0.05, max: 1, noNaN: true });
    fc.assert(
      fc.property(rate, fc.integer({ min: 20, max: 120 }), (baselineRate, max) => {
        const effect = { ...WORTH_FINDING, baselineRate };
        const { n, power } = pairsForPower(effect, 0.9, { min: 5, max });
        const onwards = Array.from({ length: max - n + 1 }, (_, more) => pairedPower(n + more, effect));
        expect(power).toBeCloseTo(onwards[0] ?? NaN, 12);
        expect(n === max || onwards.every((later) => later >= 0.9)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

describe('runsForPower', () => {
  // A'Hern's design for 10 % against 20 %, as I. Khan et al., Br. J. Cancer 107 (2012) give it: α 4.53 %, power 80.81 %.
  it('has the published power of 78 runs', () => {
    expect(ratePower(78, { reference: 0.1, rate: 0.2, level: 0.05 })).toBeCloseTo(0.8081, 3);
    expect(ratePower(78, { reference: 0.1, rate: 0.1, level: 0.05 })).toBeCloseTo(0.0453, 4);
  });

  it('to see a failure at all takes ln(1 - power) / ln(1 - rate) runs', () => {
    for (const rate of [0.05, 0.1, 0.2, 0.5]) {
      const { n } = runsForPower({ reference: 0, rate, level: 0.05 }, 0.95, { min: 1, max: 200 });
      expect(n).toBe(Math.ceil(Math.log(0.05) / Math.log(1 - rate)));
    }
  });

  it('never has more than the level where there is nothing to show', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        (runs, rate) => {
          expect(ratePower(runs, { reference: rate, rate, level: 0.05 })).toBeLessThanOrEqual(0.05 + 1e-12);
        },
      ),
    );
  });
});
