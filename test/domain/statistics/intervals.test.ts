import * as fc from 'fast-check';
import {
  binomialProbability,
  clopperPearsonInterval,
  credibleInterval,
  JEFFREYS,
  rateOf,
  wilsonInterval,
} from '../../../src/domain/statistics';
import { betaCumulative, betaQuantile } from '../../../src/domain/statistics/beta';
import { binomialUpperTail } from '../../../src/domain/statistics/binomial';

const NOTHING = { low: NaN, high: NaN };

const counts = fc.integer({ min: 1, max: 600 }).chain((n) => fc.tuple(fc.nat({ max: n }), fc.constant(n)));
const shape = fc.double({ min: 0.05, max: 500, noNaN: true });

describe('wilsonInterval', () => {
  // Newcombe, "Two-sided confidence intervals for the single proportion", Stat Med 17 (1998) 857–872, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('gives the published interval of %i in %i', (count, n, low, high) => {
    const interval = wilsonInterval(count, n);
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  it('has both ends where the score test just rejects', () => {
    fc.assert(
      fc.property(counts, ([count, n]) => {
        const interval = wilsonInterval(count, n);
        const ends = [interval?.low ?? NaN, interval?.high ?? NaN];
        for (const p of ends.filter((end) => end !== 0 && end !== 1)) {
          const score = (count / n - p) / Math.sqrt((p * (1 - p)) / n);
          expect(Math.abs(score)).toBeCloseTo(1.959963984540054, 6);
        }
      }),
    );
  });
});

describe('clopperPearsonInterval', () => {
  // Newcombe 1998 (single proportion), table I, method 5.
  it.each([
    [81, 263, 0.2527, 0.3676],
    [15, 148, 0.0578, 0.1617],
    [0, 20, 0, 0.1684],
    [1, 29, 0.0009, 0.1776],
  ])('gives the published interval of %i in %i', (count, n, low, high) => {
    const interval = clopperPearsonInterval(count, n);
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  it('has both ends where 2.5 % of the distribution lies beyond what was seen', () => {
    fc.assert(
      fc.property(counts, ([count, n]) => {
        const { low, high } = clopperPearsonInterval(count, n) ?? NOTHING;
        expect(binomialUpperTail(count, n, low)).toBeCloseTo(count === 0 ? 1 : 0.025, 10);
        expect(binomialUpperTail(count + 1, n, high)).toBeCloseTo(count === n ? 0 : 0.975, 10);
      }),
    );
  });

  it.each([3, 10, 30, 100])('covers every rate at n = %i at least 95 times in 100', (n) => {
    const intervals = Array.from(
      { length: n + 1 },
      (_, count) => clopperPearsonInterval(count, n) ?? NOTHING,
    );
    for (let step = 1; step < 200; step += 1) {
      const rate = step / 200;
      const covered = intervals.reduce(
        (sum, { low, high }, count) =>
          low <= rate && rate <= high ? sum + binomialProbability(count, n, rate) : sum,
        0,
      );
      expect(covered).toBeGreaterThanOrEqual(0.95 - 1e-9);
    }
  });
});

describe.each([
  ['wilsonInterval', wilsonInterval],
  ['clopperPearsonInterval', clopperPearsonInterval],
])('laws of %s', (_, interval) => {
  it('says nothing of no runs', () => {
    expect(interval(0, 0)).toBeNull();
  });

  it('stays within 0 and 1, around the proportion, and mirrors failures to passes', () => {
    fc.assert(
      fc.property(counts, ([count, n]) => {
        const { low, high } = interval(count, n) ?? NOTHING;
        const mirrored = interval(n - count, n) ?? NOTHING;
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(count / n);
        expect(high).toBeGreaterThanOrEqual(count / n);
        expect(1 - mirrored.high).toBeCloseTo(low, 12);
        expect(1 - mirrored.low).toBeCloseTo(high, 12);
      }),
    );
  });

  it('rises with every further failure', () => {
    fc.assert(
      fc.property(counts, ([count, n]) => {
        fc.pre(count < n);
        const fewer = interval(count, n) ?? NOTHING;
        const more = interval(count + 1, n) ?? NOTHING;
        expect(more.low).toBeGreaterThan(fewer.low);
        expect(more.high).toBeGreaterThan(fewer.high);
      }),
    );
  });
});

describe('rateOf', () => {
  it('says nothing of no runs', () => {
    expect(rateOf(0, 0)).toEqual({ value: null, n: 0, count: 0, low: null, high: null });
  });

  it('carries proportion, counts and interval', () => {
    expect(rateOf(15, 148)).toEqual({ value: 15 / 148, n: 148, count: 15, ...wilsonInterval(15, 148) });
  });
});

describe('the beta distribution', () => {
  // Closed forms: Beta(1, b), Beta(a, 1), and the arc-sine law of Beta(1/2, 1/2).
  it.each([0.001, 0.2, 0.5, 0.77, 0.999])('has its closed forms at %d', (x) => {
    expect(betaCumulative(x, 1, 7)).toBeCloseTo(1 - (1 - x) ** 7, 13);
    expect(betaCumulative(x, 3.5, 1)).toBeCloseTo(x ** 3.5, 13);
    expect(betaCumulative(x, 0.5, 0.5)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(x)), 13);
  });

  it('mirrors, rises, and is undone by its quantile', () => {
    fc.assert(
      fc.property(shape, shape, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (a, b, p) => {
        const x = betaQuantile(p, a, b);
        // Where the distribution is all but a jump, neighbouring numbers lie further apart than that.
        fc.pre(x > 1e-9 && x < 1 - 1e-9);
        expect(betaCumulative(x, a, b)).toBeCloseTo(p, 7);
        expect(betaCumulative(p, a, b)).toBeCloseTo(1 - betaCumulative(1 - p, b, a), 10);
        expect(betaCumulative(p, a, b)).toBeLessThanOrEqual(betaCumulative(p + 0.001, a, b) + 1e-12);
      }),
    );
  });

  it('agrees with the sums of the binomial', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.001, max: 0.999, noNaN: true }), ([k, n], p) => {
        let tail = 0;
        for (let i = k; i <= n; i += 1) tail += binomialProbability(i, n, p);
        expect(binomialUpperTail(k, n, p)).toBeCloseTo(tail, 10);
      }),
    );
  });
});

describe('credibleInterval', () => {
  it('leaves 2.5 % of the belief on either side', () => {
    fc.assert(
      fc.property(counts, ([failed, n]) => {
        const { a, b } = { a: JEFFREYS.a + failed, b: JEFFREYS.b + n - failed };
        const { low, high } = credibleInterval({ a, b });
        expect(betaCumulative(low, a, b)).toBeCloseTo(0.025, 9);
        expect(1 - betaCumulative(high, a, b)).toBeCloseTo(0.025, 9);
      }),
    );
  });
});
