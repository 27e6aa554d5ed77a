import { assert, double, integer, nat, property, record, array, shuffledSubarray } from 'fast-check';
import { beliefOf, HALF_LIFE_DAYS, informationPerCost } from '../../src/domain/type-belief';
import type { TypeHistory } from '../../src/domain/memory';
import { believedRate, expectedInformation, type Observation } from '../../src/domain/statistics';
import { digamma } from '../../src/domain/statistics/information';

const historyOf = (observations: readonly Observation[]): TypeHistory => ({
  failureType: 'logic_error',
  experiments: 1,
  assessedRuns: 0,
  failedRuns: 0,
  observations,
  runMicroUsd: null,
});
const anyObservation = record({
  failed: nat(20),
  held: nat(20),
  age: double({ min: 0, max: 400, noNaN: true }),
});
const anyBelief = record({
  a: double({ min: 0.5, max: 50, noNaN: true }),
  b: double({ min: 0.5, max: 50, noNaN: true }),
});

describe('the belief about a type', () => {
  it('is half as firm after a half-life, and the prior without anything seen', () => {
    expect(beliefOf(undefined)).toEqual({ a: 0.5, b: 0.5 });
    expect(beliefOf(historyOf([{ failed: 4, held: 6, age: HALF_LIFE_DAYS }]))).toEqual({ a: 2.5, b: 3.5 });
  });

  it('rises with each failure, falls with each run that held', () => {
    const problems: unknown[] = [];
    assert(
      property(array(anyObservation, { maxLength: 8 }), anyObservation, (seen, next) => {
        const rateWith = (one: Observation) => believedRate(beliefOf(historyOf([...seen, one])));
        const before = believedRate(beliefOf(historyOf(seen)));
        const failed = rateWith({ ...next, held: 0, failed: next.failed + 1 });
        const held = rateWith({ ...next, failed: 0, held: next.held + 1 });
        if (failed < before || held > before) problems.push({ seen, next });
      }),
    );
    expect(problems).toEqual([]);
  });

  it('does not depend on the order in which things were seen', () => {
    const seen = [1, 2, 3, 4, 5].map((n) => ({ failed: n, held: 2 * n, age: n }));
    const expected = beliefOf(historyOf(seen));
    const problems: unknown[] = [];
    assert(
      property(shuffledSubarray(seen, { minLength: seen.length }), (order) => {
        const { a, b } = beliefOf(historyOf(order));
        if (Math.abs(a - expected.a) + Math.abs(b - expected.b) > 1e-9) problems.push(order);
      }),
    );
    expect(problems).toEqual([]);
  });
});

describe('expected information', () => {
  /** The definition, by summing over a fine grid of rates. */
  const byDefinition = ({ a, b }: { a: number; b: number }, runs: number): number => {
    const grid = Array.from({ length: 20_000 }, (_, i) => (i + 0.5) / 20_000);
    const raw = grid.map((p) => p ** (a - 1) * (1 - p) ** (b - 1));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    const ways = (k: number): number =>
      Array.from({ length: k }, (_, i) => (runs - i) / (i + 1)).reduce((x, y) => x * y, 1);
    let outcome = 0;
    let within = 0;
    for (let k = 0; k <= runs; k += 1) {
      const given = grid.map((p) => ways(k) * p ** k * (1 - p) ** (runs - k));
      const chance = given.reduce((sum, g, i) => sum + (g * (raw[i] ?? 0)) / total, 0);
      outcome -= chance * Math.log2(chance);
      within -= given.reduce(
        (sum, g, i) => sum + (g > 0 ? (g * Math.log2(g) * (raw[i] ?? 0)) / total : 0),
        0,
      );
    }
    return outcome - within;
  };

  it.each([
    [{ a: 1, b: 1 }, 1],
    [{ a: 2, b: 5 }, 5],
    [{ a: 1.5, b: 8 }, 10],
  ])('of Beta %j over %d runs is what the definition gives', (belief, runs) => {
    expect(expectedInformation(belief, runs)).toBeCloseTo(byDefinition(belief, runs), 4);
  });

  it('of one run under the uniform belief is 1 - 1/(2 ln 2) bits', () => {
    expect(expectedInformation({ a: 1, b: 1 }, 1)).toBeCloseTo(1 - 1 / (2 * Math.LN2), 10);
  });

  it('is 0 for no runs, at most that of the outcome, and less about what is known better', () => {
    const problems: unknown[] = [];
    assert(
      property(anyBelief, integer({ min: 1, max: 30 }), (belief, runs) => {
        const bits = expectedInformation(belief, runs);
        const firmer = expectedInformation({ a: belief.a * 2, b: belief.b * 2 }, runs);
        if (bits < 0 || bits > Math.log2(runs + 1) + 1e-9 || firmer > bits + 1e-9)
          problems.push({ belief, runs });
      }),
    );
    expect(problems).toEqual([]);
    expect(expectedInformation({ a: 3, b: 4 }, 0)).toBeCloseTo(0, 10);
  });

  it('per cost is half as much for twice the price', () => {
    const belief = { a: 0.5, b: 0.5 };
    expect(informationPerCost(belief, { runs: 5, cost: 2 })).toBeCloseTo(
      informationPerCost(belief, { runs: 5, cost: 1 }) / 2,
      12,
    );
  });
});

describe('digamma', () => {
  it.each([
    [1, -0.5772156649015329],
    [0.5, -1.9635100260214235],
    [10, 2.251752589066721],
  ])('of %d is %d (Abramowitz and Stegun, table 6.1)', (x, value) => {
    expect(digamma(x)).toBeCloseTo(value, 11);
  });
});
