import {
  candidatesStudy,
  correctionStudy,
  drawRuns,
  effectStudy,
  intervalStudy,
  seeded,
  verdictStudy,
} from '../../../bench/statistical-studies';
import type { Cell, StudySize } from '../../../bench/statistical-studies';
import {
  clopperPearsonInterval,
  credibleInterval,
  JEFFREYS,
  pairsForPower,
  wilsonInterval,
} from '../../../src/domain/statistics';

const size = (rates: readonly number[], sizes: readonly number[]): StudySize => ({
  rates,
  sizes,
  trials: 2_000,
  random: seeded(20_261_123),
});

const EVERY = drawRuns(
  size([0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99], [3, 5, 10, 20, 30, 60, 200]),
);

const mean = (cells: readonly Cell[]): number =>
  cells.reduce((sum, { simulated }) => sum + simulated, 0) / cells.length;

/** Of a few hundred cells none strays further by chance, but once in a thousand studies. */
const expectAsComputed = (cells: readonly Cell[]): void => {
  expect(cells.filter(({ z }) => Math.abs(z) > 4.5)).toEqual([]);
};

describe('2,000 simulated studies a cell', () => {
  const jeffreys = (count: number, n: number) =>
    credibleInterval({ a: JEFFREYS.a + count, b: JEFFREYS.b + n - count });

  it.each([
    ['Wilson', wilsonInterval, 0.93, 0.97],
    ['Jeffreys', jeffreys, 0.93, 0.97],
    // It never covers less than 95 %, and so more on average, where n is small and the rate near an end all the more.
    ['Clopper-Pearson', clopperPearsonInterval, 0.95, 0.99],
  ])('%s covers as often as summation says, and on average as it should', (_, interval, least, most) => {
    const cells = intervalStudy(interval, EVERY);
    expectAsComputed(cells);
    expect(mean(cells)).toBeGreaterThan(least);
    expect(mean(cells)).toBeLessThan(most);
  });

  it('the corrected rate of a measured judge covers as summation says', () => {
    const judge = { sensitivity: 0.9, specificity: 0.85, measuredOn: 25 };
    const cells = correctionStudy(judge, size([0.01, 0.1, 0.3, 0.5, 0.8, 0.99], [10, 40]));
    expectAsComputed(cells);
    expect(mean(cells)).toBeGreaterThan(0.93);
    expect(mean(cells)).toBeLessThan(0.99);
  });

  it.each([0, 0.8])(
    'the effect of a change that removes %d of the failure is covered as summation says',
    (removed) => {
      const cells = effectStudy(removed, size([0.05, 0.3, 0.5, 0.9], [5, 10, 30]));
      expectAsComputed(cells);
      expect(mean(cells)).toBeGreaterThan(0.93);
    },
  );

  it('a useless change is called improved in at most 5 of 100', () => {
    const cells = verdictStudy(0, size([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99], [5, 10, 30]));
    expectAsComputed(cells);
    for (const { exact, simulated } of cells) {
      expect(exact).toBeLessThanOrEqual(0.025);
      expect(simulated).toBeLessThanOrEqual(0.05);
    }
  });

  it.each([2, 3])('any of %i useless changes is called improved in at most 5 of 100', (candidates) => {
    const cells = candidatesStudy(candidates, size([0.1, 0.5, 0.9], [10, 30]));
    expectAsComputed(cells);
    for (const { exact, simulated } of cells) {
      expect(exact).toBeLessThanOrEqual(0.025);
      expect(simulated).toBeLessThanOrEqual(0.05);
    }
  });

  it('a change that removes 80 % is called improved in at least 90 of 100, with 30 pairs from a rate of 0.5 on', () => {
    const cells = verdictStudy(0.8, size([0.5, 0.51, 0.6, 0.8, 1], [30]));
    expectAsComputed(cells);
    // At 0.5 itself, with lanes that draw apart, it is 89.995 of 100.
    expect(cells[0]?.exact).toBeCloseTo(0.89995, 5);
    for (const { exact } of cells.slice(1)) expect(exact).toBeGreaterThan(0.9);
  });

  it('at 0.2 it takes 90 pairs', () => {
    const needed = pairsForPower({ baselineRate: 0.2, removedShare: 0.8, level: 0.05 }, 0.9, {
      min: 5,
      max: 500,
    });
    expect(needed.n).toBe(90);
    const cells = verdictStudy(0.8, size([0.2], [90]));
    expectAsComputed(cells);
    expect(cells[0]?.exact).toBeGreaterThan(0.9);
  });
});
