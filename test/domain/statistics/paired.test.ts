import * as fc from 'fast-check';
import {
  exactHarm,
  mcnemarExact,
  mcnemarMidP,
  newcombePairedDifference,
} from '../../../src/domain/statistics';
import type { PairTable } from '../../../src/domain/statistics';

/** P(X <= k) for X ~ Binomial(n, 1/2) in whole numbers, as 60 decimal digits before it becomes a double. */
function exactTail(k: number, n: number): number {
  let term = 1n;
  let sum = 0n;
  for (let i = 0; i <= k; i += 1) {
    sum += term;
    term = (term * BigInt(n - i)) / BigInt(i + 1);
  }
  const digits = 10n ** 320n;
  return Number(`${(sum * digits) / 2n ** BigInt(n)}e-320`);
}

const relativeError = (actual: number, expected: number): number => Math.abs(actual - expected) / expected;

const cell = fc.nat({ max: 150 });
const tables: fc.Arbitrary<PairTable> = fc.record({
  both: cell,
  onlyFirst: cell,
  onlySecond: cell,
  neither: cell,
});

describe('mcnemarExact', () => {
  it.each([
    [0, 0, 1],
    [5, 0, 0.0625],
    [6, 0, 0.03125],
    // Bentur et al. 2009, 21 children before and after transplantation, 1 and 7 discordant: 18/256.
    [1, 7, 0.0703125],
    [3, 3, 1],
    [9, 1, 22 / 1024],
  ])('of %i fixed and %i broken is %d', (fixed, broken, p) => {
    expect(mcnemarExact(fixed, broken)).toBeCloseTo(p, 14);
  });

  it('agrees with whole-number arithmetic up to 1,000 discordant pairs', () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.nat({ max: 500 }), (fixed, broken) => {
        const expected = Math.min(1, 2 * exactTail(Math.min(fixed, broken), fixed + broken));
        expect(relativeError(mcnemarExact(fixed, broken), expected)).toBeLessThan(1e-11);
      }),
      {
        examples: [
          [500, 500],
          [500, 0],
          [499, 500],
        ],
      },
    );
  });

  it('does not fade out where 2^-n does', () => {
    expect(relativeError(mcnemarExact(1_900, 2_100), 2 * exactTail(1_900, 4_000))).toBeLessThan(1e-10);
    expect(mcnemarExact(0, 5_000)).toBe(0);
  });

  it('is a probability, blind to the direction, and smaller the more uneven the split', () => {
    fc.assert(
      fc.property(fc.nat({ max: 400 }), fc.nat({ max: 400 }), (fixed, broken) => {
        const p = mcnemarExact(fixed, broken);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(mcnemarExact(broken, fixed)).toBe(p);
        const more = Math.max(fixed, broken) + 1;
        expect(mcnemarExact(more, Math.min(fixed, broken))).toBeLessThanOrEqual(p);
      }),
    );
  });
});

describe('mcnemarMidP', () => {
  // Fagerland, Lydersen and Laake 2013: the examples of Bentur et al. (1 and 7) and of Cavo et al. (6 and 16).
  it.each([
    [1, 7, 0.0391],
    [6, 16, 0.0347],
    [0, 0, 0.5],
    [5, 5, 1 - 252 / 2_048],
  ])('of %i fixed and %i broken is %d', (fixed, broken, p) => {
    expect(mcnemarMidP(fixed, broken)).toBeCloseTo(p, 4);
    expect(mcnemarMidP(broken, fixed)).toBeCloseTo(p, 4);
  });

  it('lies below the exact p-value, by no more than the chance of the split itself', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), fc.nat({ max: 300 }), (fixed, broken) => {
        const [midP, exact] = [mcnemarMidP(fixed, broken), mcnemarExact(fixed, broken)];
        expect(midP).toBeGreaterThanOrEqual(0);
        expect(midP).toBeLessThanOrEqual(exact);
        expect(midP).toBeGreaterThanOrEqual(exact / 2 - 1e-12);
      }),
    );
  });
});

describe('exactHarm', () => {
  it.each([
    [0, 0, 1],
    [0, 5, 1 / 32],
    [0, 4, 1 / 16],
    [1, 7, 9 / 256],
    [7, 1, 255 / 256],
  ])('with %i fixed and %i broken is %d', (fixed, broken, p) => {
    expect(exactHarm(fixed, broken)).toBeCloseTo(p, 14);
  });

  it('agrees with whole-number arithmetic', () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.nat({ max: 500 }), (fixed, broken) => {
        const expected = exactTail(fixed, fixed + broken);
        expect(relativeError(exactHarm(fixed, broken), expected)).toBeLessThan(1e-11);
      }),
    );
  });

  it('grows with what is fixed and falls with what is broken', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), fc.nat({ max: 300 }), (fixed, broken) => {
        const p = exactHarm(fixed, broken);
        expect(exactHarm(fixed + 1, broken)).toBeGreaterThanOrEqual(p);
        expect(exactHarm(fixed, broken + 1)).toBeLessThanOrEqual(p);
      }),
    );
  });
});

describe('newcombePairedDifference', () => {
  // Newcombe 1998 (paired data), table III, method 10.
  it.each([
    [36, 12, 2, 0, 0.0569, 0.3404],
    [20, 12, 2, 16, 0.0562, 0.3292],
    [18, 12, 2, 18, 0.0562, 0.329],
    [36, 14, 0, 0, 0.1528, 0.4167],
    [35, 14, 0, 1, 0.1461, 0.4175],
    [18, 14, 0, 18, 0.1441, 0.3963],
    [2, 97, 1, 0, 0.8721, 0.9854],
    [1, 97, 1, 1, 0.8736, 0.985],
    [0, 29, 1, 0, 0.6666, 0.9882],
    [2, 98, 0, 0, 0.9178, 0.9945],
    [1, 98, 0, 1, 0.9171, 0.9916],
    [0, 30, 0, 0, 0.8395, 1],
    [54, 0, 0, 0, -0.0664, 0.0664],
    [53, 0, 0, 1, -0.0729, 0.0729],
    [30, 0, 0, 24, -0.0358, 0.0358],
    [27, 0, 0, 27, -0.0351, 0.0351],
  ])('gives the published interval of %i, %i, %i, %i', (both, onlyFirst, onlySecond, neither, low, high) => {
    const interval = newcombePairedDifference({ both, onlyFirst, onlySecond, neither });
    expect(Math.abs((interval?.low ?? NaN) - low)).toBeLessThan(1e-4);
    expect(Math.abs((interval?.high ?? NaN) - high)).toBeLessThan(1e-4);
  });

  it('says nothing of no pairs', () => {
    expect(newcombePairedDifference({ both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 })).toBeNull();
  });

  it('holds the difference, stays within -1 and 1, and turns over with the sides', () => {
    fc.assert(
      fc.property(tables, (table) => {
        const n = table.both + table.onlyFirst + table.onlySecond + table.neither;
        fc.pre(n > 0);
        const { low, high } = newcombePairedDifference(table) ?? { low: NaN, high: NaN };
        const swapped = { ...table, onlyFirst: table.onlySecond, onlySecond: table.onlyFirst };
        const turned = newcombePairedDifference(swapped) ?? { low: NaN, high: NaN };
        const difference = (table.onlyFirst - table.onlySecond) / n;
        expect(low).toBeGreaterThanOrEqual(-1);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(difference);
        expect(high).toBeGreaterThanOrEqual(difference);
        expect(turned.low).toBeCloseTo(-high, 12);
        expect(turned.high).toBeCloseTo(-low, 12);
      }),
    );
  });
});
