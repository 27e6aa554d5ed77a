import * as fc from 'fast-check';
import { binomialProbability, correctedRate, wilsonInterval } from '../../../src/domain/statistics';
import type { JudgeRecord } from '../../../src/domain/statistics';

const share = (min: number) =>
  fc
    .integer({ min: 1, max: 300 })
    .chain((n) => fc.record({ count: fc.integer({ min: Math.ceil(min * n), max: n }), n: fc.constant(n) }));

/** A judge measured on so many runs that nothing about it is uncertain. */
const known = (sensitivity: number, specificity: number): JudgeRecord => ({
  sensitivity: { count: sensitivity * 1e9, n: 1e9 },
  specificity: { count: specificity * 1e9, n: 1e9 },
});

describe('correctedRate', () => {
  it('takes the published case of brucellosis to 5.1 %', () => {
    // M. Stevenson, epiR::epi.prev: 23 of 150 positive, sensitivity 96 %, specificity 89 %; 0 to 13 % by Blaker's limits.
    const rate = correctedRate({ count: 23, n: 150 }, known(0.96, 0.89));
    expect(rate?.value).toBeCloseTo(0.051, 4);
    expect(rate?.low).toBe(0);
    expect(rate?.high).toBeCloseTo(0.13, 2);
  });

  it('agrees with the formula of the paper, written out', () => {
    // Se' = 46/52, Sp' = 91/102, AP' = (20 + z²/2)/(80 + z²), P' = 0.14896…; equations 6, 7, 16 and 17.
    const z = 1.959963984540054;
    const [se, sp, ap] = [46 / 52, 91 / 102, (20 + (z * z) / 2) / (80 + z * z)];
    const p = (ap + sp - 1) / (se + sp - 1);
    const [vse, vsp, vap] = [(se * (1 - se)) / 52, (sp * (1 - sp)) / 102, (ap * (1 - ap)) / (80 + z * z)];
    const centre = p + 2 * z * z * (p * vse - (1 - p) * vsp);
    const spread = (z * Math.sqrt(vap + p * p * vse + (1 - p) ** 2 * vsp)) / (se + sp - 1);
    const rate = correctedRate(
      { count: 20, n: 80 },
      { sensitivity: { count: 45, n: 50 }, specificity: { count: 90, n: 100 } },
    );
    expect(rate?.value).toBeCloseTo((0.25 + 0.9 - 1) / 0.8, 12);
    expect(rate?.low).toBeCloseTo(centre - spread, 12);
    expect(rate?.high).toBeCloseTo(centre + spread, 12);
  });

  it('leaves the rate of a perfect judge as it is', () => {
    const rate = correctedRate({ count: 30, n: 100 }, known(1, 1));
    const wilson = wilsonInterval(30, 100);
    expect(rate?.value).toBeCloseTo(0.3, 12);
    expect(rate?.low).toBeCloseTo(wilson?.low ?? NaN, 1);
    expect(rate?.high).toBeCloseTo(wilson?.high ?? NaN, 1);
  });

  it.each<[string, JudgeRecord]>([
    ['guesses', { sensitivity: { count: 10, n: 20 }, specificity: { count: 10, n: 20 } }],
    ['always calls it failed', { sensitivity: { count: 20, n: 20 }, specificity: { count: 0, n: 20 } }],
    ['was never measured', { sensitivity: { count: 0, n: 0 }, specificity: { count: 9, n: 9 } }],
  ])('says nothing with a judge that %s', (_, judge) => {
    expect(correctedRate({ count: 5, n: 10 }, judge)).toBeNull();
  });

  it('says nothing of no runs', () => {
    expect(correctedRate({ count: 0, n: 0 }, known(0.9, 0.9))).toBeNull();
  });

  it('stays within 0 and 1 around its value, rises with what was called failed, and mirrors', () => {
    fc.assert(
      fc.property(share(0), share(0.6), share(0.6), (judged, sensitivity, specificity) => {
        const rate = correctedRate(judged, { sensitivity, specificity });
        fc.pre(rate !== null);
        expect(rate.low).toBeGreaterThanOrEqual(0);
        expect(rate.high).toBeLessThanOrEqual(1);
        expect(rate.low).toBeLessThanOrEqual(rate.value);
        expect(rate.high).toBeGreaterThanOrEqual(rate.value);
        const opposite = correctedRate(
          { count: judged.n - judged.count, n: judged.n },
          { sensitivity: specificity, specificity: sensitivity },
        );
        expect(opposite?.value).toBeCloseTo(1 - rate.value, 9);
        expect(opposite?.low).toBeCloseTo(1 - rate.high, 9);
        fc.pre(judged.count < judged.n);
        const more = correctedRate({ ...judged, count: judged.count + 1 }, { sensitivity, specificity });
        expect(more?.value).toBeGreaterThanOrEqual(rate.value);
      }),
    );
  });

  it.each([
    [0.3, 0.9, 0.9],
    [0.1, 0.8, 0.95],
    [0.6, 0.95, 0.85],
  ])('covers a true rate of %d behind a judge of %d and %d 93 to 99 times in 100', (rate, se, sp) => {
    const [n, measured] = [40, 30];
    const apparent = rate * se + (1 - rate) * (1 - sp);
    let covered = 0;
    for (let tp = 0; tp <= measured; tp += 1) {
      for (let tn = 0; tn <= measured; tn += 1) {
        const chance = binomialProbability(tp, measured, se) * binomialProbability(tn, measured, sp);
        if (chance < 1e-7) continue;
        const judge = { sensitivity: { count: tp, n: measured }, specificity: { count: tn, n: measured } };
        for (let count = 0; count <= n; count += 1) {
          const found = correctedRate({ count, n }, judge);
          if (found === null || rate < found.low || rate > found.high) continue;
          covered += chance * binomialProbability(count, n, apparent);
        }
      }
    }
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.99);
  });
});
