import { array, assert, constantFrom, integer, property } from 'fast-check';
import { earlyStop, nextLook } from '../../src/domain/early-stop';
import type { EarlyStop } from '../../src/domain/early-stop';
import { RUN_OUTCOMES } from '../../src/domain/experiment';
import type { RunOutcome } from '../../src/domain/experiment';
import { likelihoodRatio, wilsonInterval } from '../../src/domain/statistics';

const ONE = [{ trigger: 'a sum' }];
const TWO = [{ trigger: 'a sum' }, { trigger: 'a date' }];
const outcomes = array(constantFrom(...RUN_OUTCOMES), { maxLength: 100 });

/** What an experiment would do: looks after each group of runs, on an endless supply of outcomes. */
function playUntilStopped(
  cases: readonly { readonly trigger: string }[],
  outcomeOf: (run: number) => RunOutcome,
  most: number,
): EarlyStop | null {
  const played: RunOutcome[] = [];
  for (let look = nextLook(0); look < most; look = nextLook(look)) {
    while (played.length < look) played.push(outcomeOf(played.length));
    const stop = earlyStop(cases, played);
    if (stop !== null) return stop;
  }
  return null;
}

/** Mulberry32: a seeded source, so that the studies below always see the same runs. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('nextLook', () => {
  it('is after ten runs, then after each five', () => {
    const looks = Array.from({ length: 4 }).reduce<number[]>(
      (all) => [...all, nextLook(all.at(-1) ?? 0)],
      [],
    );
    expect(looks).toEqual([10, 15, 20, 25]);
    assert(
      property(integer({ min: 0, max: 1_000 }), (ended) => expect(nextLook(ended)).toBeGreaterThan(ended)),
    );
  });
});

describe('earlyStop', () => {
  it('establishes what fails and refutes what holds, and says how surely', () => {
    expect(playUntilStopped(ONE, () => 'failed', 100)).toMatchObject({
      afterRuns: 10,
      triggers: [{ trigger: 'a sum', verdict: 'established', p0: 0.01, p1: 0.2, error: 0.01 }],
    });
    expect(playUntilStopped(ONE, () => 'held', 100)).toMatchObject({
      afterRuns: 25,
      triggers: [{ verdict: 'refuted' }],
    });
    expect(playUntilStopped(ONE, () => 'unassessed', 100)).toBeNull();
  });

  it('goes on until every trigger of the experiment is decided', () => {
    const sumsFail = (run: number): RunOutcome => (run % 2 === 0 ? 'failed' : 'held');
    expect(playUntilStopped(TWO, sumsFail, 100)).toMatchObject({
      afterRuns: 45,
      triggers: [
        { trigger: 'a sum', verdict: 'established' },
        { trigger: 'a date', verdict: 'refuted' },
      ],
    });
  });

  it('stays with its verdict whatever comes after', () =>
    assert(
      property(outcomes, outcomes, (before, later) => {
        const verdicts = (runs: readonly RunOutcome[]): readonly string[] =>
          earlyStop(TWO, runs)?.triggers.map(({ verdict }) => verdict) ?? [];
        const sofar = verdicts(before);
        expect(verdicts([...before, ...later]).slice(0, sofar.length)).toEqual(sofar);
      }),
    ));

  // 4,000 experiments a cell: a true chance of 1 % is seen as more than 1.5 % once in a thousand cells.
  const STUDIES = 4_000;
  const study = (cases: readonly { readonly trigger: string }[], rateOf: (run: number) => number) => {
    const random = randomFrom(7);
    const verdicts = Array.from({ length: STUDIES }, () =>
      playUntilStopped(cases, (run) => (random() < rateOf(run) ? 'failed' : 'held'), 200),
    );
    const share = (verdict: string): number =>
      verdicts.filter((stop) => stop?.triggers[0]?.verdict === verdict).length / STUDIES;
    return { established: share('established'), refuted: share('refuted') };
  };
  const same = (count: number) => Array.from({ length: count }, () => ({ trigger: 'a sum' }));

  it.each([1, 2, 3, 5])('hardly ever refutes what one of %i cases shows in a fifth of its plays', (count) => {
    const oneCase = study(same(count), (run) => (run % count === count - 1 ? 0.2 : 0));
    expect(oneCase.refuted).toBeLessThanOrEqual(0.015);
    const everyCase = study(same(count), () => 0.2);
    expect(everyCase.refuted).toBeLessThanOrEqual(0.015);
    expect(everyCase.established).toBeGreaterThanOrEqual(0.98);
  });

  it.each([1, 3])('hardly ever establishes what is none, with %i cases', (count) => {
    expect(study(same(count), () => 0.01 / count).established).toBeLessThanOrEqual(0.015);
  });

  it('leaves intervals that cover 95 % on average over all rates, and 87 % at the worst', () => {
    const rates = Array.from({ length: 99 }, (_, index) => (index + 1) / 100);
    const coverages = rates.map((rate) => coverageOf(rate, 100));
    expect(coverages.reduce((sum, coverage) => sum + coverage, 0) / rates.length).toBeCloseTo(0.953, 2);
    expect(Math.min(...coverages)).toBeCloseTo(0.874, 2);
  });
});

interface Open {
  readonly failed: number;
  /** A verdict was reached; the experiment goes on until the next look. */
  readonly decided: boolean;
  readonly chance: number;
}

/** Exact coverage of the Wilson interval of an experiment with one case that may stop early, by recursion over the runs. */
function coverageOf(rate: number, most: number): number {
  let open: readonly Open[] = [{ failed: 0, decided: false, chance: 1 }];
  let covered = 0;
  for (let runs = 1; runs <= most; runs += 1) {
    const next = open.flatMap(({ failed, decided, chance }) => [
      after(runs, failed + 1, decided, chance * rate),
      after(runs, failed, decided, chance * (1 - rate)),
    ]);
    const ends = ({ decided }: Open): boolean => runs === most || (decided && runs >= 10 && runs % 5 === 0);
    for (const { failed, chance } of next.filter(ends)) covered += covers(failed, runs, rate) ? chance : 0;
    open = merged(next.filter((state) => !ends(state)));
  }
  return covered;
}

function after(runs: number, failed: number, decided: boolean, chance: number): Open {
  const ratio = likelihoodRatio(failed, runs - failed, 0.01, 0.2);
  return { failed, decided: decided || ratio >= 100 || ratio <= 0.01, chance };
}

function covers(failed: number, runs: number, rate: number): boolean {
  const interval = wilsonInterval(failed, runs);
  return interval !== null && interval.low <= rate && rate <= interval.high;
}

function merged(states: readonly Open[]): readonly Open[] {
  const byKey = new Map<string, Open>();
  for (const state of states) {
    const key = `${state.failed} ${state.decided}`;
    byKey.set(key, { ...state, chance: state.chance + (byKey.get(key)?.chance ?? 0) });
  }
  return [...byKey.values()];
}
