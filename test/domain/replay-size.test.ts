import * as fc from 'fast-check';
import { sizeReplay } from '../../src/domain/replay-size';
import { pairedPower, rateOf } from '../../src/domain/statistics';

const PLENTY = { candidates: 1, affordable: 500 };

describe('sizeReplay', () => {
  it('takes as many pairs as were asked for, whatever they cost, and says what they can show', () => {
    const size = sizeReplay({ requested: 30, observed: rateOf(50, 100), candidates: 2, affordable: 6 });
    expect(size).toMatchObject({
      pairs: 30,
      chosenBy: 'request',
      candidates: 2,
      level: 0.025,
      assumedRate: 0.5,
    });
    expect(size.power).toBeCloseTo(
      pairedPower(30, { baselineRate: 0.5, removedShare: 0.8, level: 0.025 }),
      12,
    );
  });

  it.each([
    ['a common failure', 50, 100, 31, 0.5],
    ['a rare one', 20, 100, 90, 0.2],
    ['one that failed every time, which is not sure to', 5, 5, 16, 0.783],
    ['one seen once', 1, 1, 24, 0.603],
  ])('auto: %s', (_, count, n, pairs, assumedRate) => {
    const size = sizeReplay({ requested: 'auto', observed: rateOf(count, n), ...PLENTY });
    expect(size).toMatchObject({ pairs, chosenBy: 'power' });
    expect(size.assumedRate).toBeCloseTo(assumedRate, 3);
    expect(size.power).toBeGreaterThanOrEqual(0.9);
  });

  it('auto takes fewer when there is money for fewer, but never fewer than five, and says so', () => {
    const observed = rateOf(20, 100);
    const poor = sizeReplay({ requested: 'auto', observed, candidates: 1, affordable: 40 });
    expect(poor).toMatchObject({ pairs: 40, chosenBy: 'budget' });
    expect(poor.power).toBeLessThan(0.9);
    const broke = sizeReplay({ requested: 'auto', observed, candidates: 1, affordable: 0 });
    expect(broke).toMatchObject({ pairs: 5, chosenBy: 'budget', power: 0 });
  });

  it('auto ends at five hundred, and says so', () => {
    const size = sizeReplay({ requested: 'auto', observed: rateOf(1, 100), ...PLENTY });
    expect(size).toMatchObject({ pairs: 500, chosenBy: 'limit' });
    expect(size.power).toBeLessThan(0.9);
  });

  it('without a rate takes the usual number', () => {
    const size = sizeReplay({ requested: 'auto', observed: rateOf(0, 0), ...PLENTY });
    expect(size).toMatchObject({ pairs: 30, assumedRate: null, power: null });
  });

  it('takes more pairs the more candidates share the error budget', () => {
    const counts = fc
      .integer({ min: 2, max: 20 })
      .chain((n) => fc.tuple(fc.integer({ min: 1, max: n }), fc.constant(n)));
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 6 }), ([count, n], candidates) => {
        const size = (of: number) =>
          sizeReplay({ requested: 'auto', observed: rateOf(count, n), candidates: of, affordable: 500 });
        expect(size(candidates + 1).pairs).toBeGreaterThanOrEqual(size(candidates).pairs);
        expect(size(candidates).level * candidates).toBeCloseTo(0.05, 12);
      }),
      { numRuns: 10 },
    );
  });
});
