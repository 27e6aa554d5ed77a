import { assert, double, integer, property } from 'fast-check';
import { finalVerdict, HARM_THRESHOLD, harmEValue, judgeWatch, showsHarm } from '../../src/domain/harm-watch';
import type { ReplayedPair } from '../../src/domain/replay';

const counts = integer({ min: 0, max: 200 });
/** The chance of breaking, given that a pair is discordant, where the change does no harm. */
const harmless = double({ min: 0, max: 0.5, noNaN: true });

function pairs(baseline: 'failed' | 'held', candidate: 'failed' | 'held', count: number): ReplayedPair[] {
  return Array.from({ length: count }, () => ({ baseline, candidate }));
}

describe('evidence of harm', () => {
  it('begins with 1, and no harmless change can be expected to add to it', () => {
    expect(harmEValue(0, 0)).toBe(1);
    assert(
      property(counts, counts, harmless, (fixed, broken, p) => {
        const next = p * harmEValue(fixed, broken + 1) + (1 - p) * harmEValue(fixed + 1, broken);
        expect(next).toBeLessThanOrEqual(harmEValue(fixed, broken) * (1 + 1e-12));
      }),
    );
  });

  it('grows with what is broken and shrinks with what is fixed', () => {
    assert(
      property(counts, counts, (fixed, broken) => {
        expect(harmEValue(fixed, broken + 1)).toBeGreaterThanOrEqual(harmEValue(fixed, broken));
        expect(harmEValue(fixed + 1, broken)).toBeLessThanOrEqual(harmEValue(fixed, broken));
      }),
    );
  });
});

/**
 * The exact chance that the evidence ever reaches the threshold, looking after every discordant pair: of both kinds,
 * `rounds` pairs each in turn, each broken with these chances.
 */
function chanceOfRollback(rounds: number, pFailing: number, pControls: number): number {
  const reached = new Map<string, number>();
  const from = (
    fixed: readonly [number, number],
    broken: readonly [number, number],
    step: number,
  ): number => {
    const eValue = (harmEValue(fixed[0], broken[0]) + harmEValue(fixed[1], broken[1])) / 2;
    if (eValue >= HARM_THRESHOLD) return 1;
    if (step === 2 * rounds) return 0;
    const key = `${step}/${broken.join('/')}`;
    const known = reached.get(key);
    if (known !== undefined) return known;
    const kind = step % 2;
    const p = kind === 0 ? pFailing : pControls;
    const add = (to: readonly [number, number]): [number, number] =>
      kind === 0 ? [to[0] + 1, to[1]] : [to[0], to[1] + 1];
    const chance = p * from(fixed, add(broken), step + 1) + (1 - p) * from(add(fixed), broken, step + 1);
    reached.set(key, chance);
    return chance;
  };
  return from([0, 0], [0, 0], 0);
}

describe('a watch', () => {
  it('takes back a change that does no harm with a chance of at most 5 %, however often it looks', () => {
    expect(chanceOfRollback(40, 0.5, 0.5)).toBeLessThanOrEqual(0.05);
    assert(
      property(integer({ min: 1, max: 25 }), harmless, harmless, (rounds, p, q) => {
        expect(chanceOfRollback(rounds, p, q)).toBeLessThanOrEqual(0.05);
      }),
      { numRuns: 50 },
    );
  });

  it('takes back a change with the seventh control that it breaks, if it fixed none', () => {
    const broken = (count: number) => judgeWatch(pairs('failed', 'held', 15), pairs('held', 'failed', count));
    expect([6, 7].map((count) => showsHarm(broken(count)))).toEqual([false, true]);
  });

  it('shows harm to controls whatever is fixed on the failing cases', () => {
    const figures = judgeWatch(pairs('failed', 'held', 15), pairs('held', 'failed', 8));
    expect(showsHarm(figures)).toBe(true);
    expect(finalVerdict(figures)).toBe('harm');
    expect(figures.failing).toMatchObject({
      pairs: 15,
      fixed: 15,
      broken: 0,
      baselineFailed: 15,
      candidateFailed: 0,
    });
    expect(figures.controls).toMatchObject({
      pairs: 8,
      fixed: 0,
      broken: 8,
      baselineFailed: 0,
      candidateFailed: 8,
    });
  });

  it('counts unassessed pairs neither way', () => {
    const errors: ReplayedPair[] = [
      { baseline: 'held', candidate: 'unassessed' },
      { baseline: 'unassessed', candidate: 'failed' },
    ];
    const assessed = pairs('held', 'held', 3);
    const withErrors = judgeWatch([], [...assessed, ...errors, ...errors]);
    expect(withErrors).toMatchObject({ pairs: 3, unassessedPairs: 4 });
    expect(withErrors.eValue).toBe(judgeWatch([], assessed).eValue);
  });

  it('says that no harm was shown only where it could have been', () => {
    expect(finalVerdict(judgeWatch(pairs('failed', 'held', 15), pairs('held', 'held', 15)))).toBe(
      'no_harm_shown',
    );
    expect(finalVerdict(judgeWatch([], []))).toBe('inconclusive');
    expect(finalVerdict(judgeWatch(pairs('failed', 'held', 15), pairs('held', 'held', 3)))).toBe(
      'inconclusive',
    );
    expect(finalVerdict(judgeWatch(pairs('failed', 'failed', 100), []))).toBe('inconclusive');
  });
});
