import * as fc from 'fast-check';
import {
  believedRate,
  beliefFrom,
  credibleInterval,
  holmAdjusted,
  JEFFREYS,
  passAtK,
  passHatK,
  sharedLevel,
} from '../../../src/domain/statistics';

function choose(n: number, k: number): bigint {
  if (k > n) return 0n;
  let ways = 1n;
  for (let i = 1; i <= k; i += 1) ways = (ways * BigInt(n - k + i)) / BigInt(i);
  return ways;
}

const draws = fc
  .integer({ min: 1, max: 200 })
  .chain((n) => fc.tuple(fc.nat({ max: n }), fc.constant(n), fc.integer({ min: 1, max: n })));

describe('passAtK and passHatK', () => {
  it('are the shares of the draws of which any, and all, passed', () => {
    fc.assert(
      fc.property(draws, ([passed, n, k]) => {
        const share = (some: bigint) => Number((some * 10n ** 18n) / choose(n, k)) / 1e18;
        expect(passAtK(passed, n, k)).toBeCloseTo(1 - share(choose(n - passed, k)), 12);
        expect(passHatK(passed, n, k)).toBeCloseTo(share(choose(passed, k)), 12);
      }),
    );
  });

  it('agree with the rate at k = 1, and move apart with k', () => {
    fc.assert(
      fc.property(draws, ([passed, n, k]) => {
        expect(passAtK(passed, n, 1)).toBeCloseTo(passed / n, 12);
        expect(passHatK(passed, n, 1)).toBeCloseTo(passed / n, 12);
        fc.pre(k < n);
        expect(passAtK(passed, n, k + 1)).toBeGreaterThanOrEqual((passAtK(passed, n, k) ?? NaN) - 1e-12);
        expect(passHatK(passed, n, k + 1)).toBeLessThanOrEqual((passHatK(passed, n, k) ?? NaN) + 1e-12);
      }),
    );
  });

  it('are without bias: over all outcomes of n runs they give the chance for k runs', () => {
    const [n, k, rate] = [12, 4, 0.3];
    let [any, all] = [0, 0];
    for (let passed = 0; passed <= n; passed += 1) {
      const chance = Number(choose(n, passed)) * rate ** passed * (1 - rate) ** (n - passed);
      any += chance * (passAtK(passed, n, k) ?? NaN);
      all += chance * (passHatK(passed, n, k) ?? NaN);
    }
    expect(any).toBeCloseTo(1 - (1 - rate) ** k, 12);
    expect(all).toBeCloseTo(rate ** k, 12);
  });

  it.each([
    [1, 3, 4],
    [1, 3, 0],
    [0, 0, 1],
  ])('%i passed of %i say nothing of %i', (passed, n, k) => {
    expect(passAtK(passed, n, k)).toBeNull();
    expect(passHatK(passed, n, k)).toBeNull();
  });
});

describe('holmAdjusted', () => {
  // Y. Benjamini and Y. Hochberg, JRSS B 57 (1995) 289–300, section 4.1: methods that control the chance of any error
  // reject the first three of these fifteen.
  const MYOCARDIAL = [
    ...[0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719],
    ...[0.6528, 0.759, 1],
  ];

  it('rejects the first three of the fifteen hypotheses of a published trial', () => {
    expect(holmAdjusted(MYOCARDIAL).map((p) => p <= 0.05)).toEqual(MYOCARDIAL.map((p) => p <= 0.0019));
  });

  it('adjusts step by step, in the order given', () => {
    const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005]);
    for (const [i, expected] of [0.03, 0.06, 0.06, 0.02].entries())
      expect(adjusted[i]).toBeCloseTo(expected, 12);
    expect(holmAdjusted([])).toEqual([]);
  });

  const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });

  it('keeps the order, never falls below the p-value, and rejects all that an equal share of the level does', () => {
    fc.assert(
      fc.property(pValues, fc.double({ min: 0.001, max: 0.2, noNaN: true }), (values, level) => {
        const adjusted = holmAdjusted(values);
        const tests = values.map((p, i) => ({ p, own: adjusted[i] ?? NaN }));
        expect(tests.filter(({ p, own }) => own < p || own > 1)).toEqual([]);
        const shared = sharedLevel(level, values.length);
        // An exact tie may round either way.
        expect(tests.filter(({ p, own }) => p < shared * (1 - 1e-12) && own > level)).toEqual([]);
        const ascending = tests.toSorted((one, other) => one.p - other.p).map(({ own }) => own);
        expect(ascending).toEqual(ascending.toSorted((one, other) => one - other));
      }),
    );
  });
});

describe('beliefs about a rate', () => {
  const observation = fc.record({
    failed: fc.nat({ max: 50 }),
    held: fc.nat({ max: 50 }),
    age: fc.double({ min: 0, max: 1_000, noNaN: true }),
  });
  const observations = fc.array(observation, { maxLength: 10 });
  const halfLife = fc.double({ min: 0.1, max: 1_000, noNaN: true });

  it('starts at the prior, counts in full at first and half after each half-life', () => {
    expect(beliefFrom([], 30)).toEqual(JEFFREYS);
    const seen = { failed: 4, held: 8 };
    expect(beliefFrom([{ ...seen, age: 0 }], 30)).toEqual({ a: 4.5, b: 8.5 });
    expect(beliefFrom([{ ...seen, age: 30 }], 30)).toEqual({ a: 2.5, b: 4.5 });
    expect(beliefFrom([{ ...seen, age: 60 }], 30, { a: 1, b: 3 })).toEqual({ a: 2, b: 5 });
    expect(beliefFrom([{ ...seen, age: 1e9 }], Infinity)).toEqual({ a: 4.5, b: 8.5 });
    expect(believedRate({ a: 2, b: 6 })).toBe(0.25);
  });

  it('holds its mean in its interval, and ends at the prior', () => {
    fc.assert(
      fc.property(observations, halfLife, (seen, half) => {
        const belief = beliefFrom(seen, half);
        const { low, high } = credibleInterval(belief);
        expect(low).toBeLessThan(believedRate(belief));
        expect(high).toBeGreaterThan(believedRate(belief));
        const long = seen.map((one) => ({ ...one, age: one.age + 2_000 * half }));
        expect(believedRate(beliefFrom(long, half))).toBeCloseTo(0.5, 12);
      }),
    );
  });

  it('is the same whether runs of one age are counted together or apart, and in any order', () => {
    fc.assert(
      fc.property(observations, halfLife, (seen, half) => {
        const split = seen.flatMap(({ failed, held, age }) => [
          { failed, held: 0, age },
          { failed: 0, held, age },
        ]);
        const [whole, parts] = [beliefFrom(seen, half), beliefFrom(split.toReversed(), half)];
        expect(parts.a).toBeCloseTo(whole.a, 9);
        expect(parts.b).toBeCloseTo(whole.b, 9);
      }),
    );
  });

  it('rises with every further failure', () => {
    fc.assert(
      fc.property(observations, halfLife, (seen, half) => {
        const more = beliefFrom([...seen, { failed: 1, held: 0, age: 0 }], half);
        const before = beliefFrom(seen, half);
        expect(believedRate(more)).toBeGreaterThan(believedRate(before));
        expect(credibleInterval(more).low).toBeGreaterThan(credibleInterval(before).low);
      }),
    );
  });
});
