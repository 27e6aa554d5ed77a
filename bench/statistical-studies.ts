import type { RunOutcome } from '../src/domain/experiment';
import { controlPairs, judgeReplay } from '../src/domain/replay';
import type { ReplayedPair } from '../src/domain/replay';
import { binomialProbability, correctedRate, newcombePairedDifference } from '../src/domain/statistics';
import type { Interval } from '../src/domain/statistics';

/** One cell of a study: what was simulated, and what summation over all outcomes gives. */
export interface Cell {
  readonly rate: number;
  readonly n: number;
  readonly exact: number;
  readonly simulated: number;
  /** The difference in standard errors of the simulation. */
  readonly z: number;
}

/** What a study is made with. */
export interface StudySize {
  readonly rates: readonly number[];
  readonly sizes: readonly number[];
  /** Simulated studies a cell. */
  readonly trials: number;
  /** Uniform on 0–1. */
  readonly random: () => number;
}

/** Uniform numbers on 0–1 from a seed: mulberry32, T. Ettinger (2017). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The counts of failed runs that were drawn, run by run, for one cell. */
export interface Drawn {
  readonly rate: number;
  readonly n: number;
  readonly counts: readonly number[];
}

/** Draws once what the intervals of several methods are made of. */
export function drawRuns({ rates, sizes, trials, random }: StudySize): readonly Drawn[] {
  return sizes.flatMap((n) =>
    rates.map((rate) => ({ rate, n, counts: range(trials).map(() => draw(n, rate, random)) })),
  );
}

/** How often an interval for a proportion holds the true rate. */
export function intervalStudy(
  interval: (count: number, n: number) => Interval | null,
  drawn: readonly Drawn[],
): readonly Cell[] {
  const intervals = new Map<number, readonly (Interval | null)[]>();
  return drawn.map(({ rate, n, counts }) => {
    const ofN = intervals.get(n) ?? range(n + 1).map((count) => interval(count, n));
    intervals.set(n, ofN);
    const covered = ofN.map((one) => holds(one, rate));
    const exact = sum(covered.map((hit, count) => (hit ? binomialProbability(count, n, rate) : 0)));
    const hits = counts.filter((count) => covered[count] === true).length;
    return cellOf(rate, n, exact, hits, counts.length);
  });
}

/** A judge to be measured on so many failed, and so many held runs, before it is believed. */
export interface StudiedJudge {
  readonly sensitivity: number;
  readonly specificity: number;
  readonly measuredOn: number;
}

/** How often the corrected rate's interval holds the true rate behind what the judge calls failed. */
export function correctionStudy(
  { sensitivity, specificity, measuredOn }: StudiedJudge,
  { rates, sizes, trials, random }: StudySize,
): readonly Cell[] {
  const measured = range(measuredOn + 1);
  return sizes.flatMap((n) => {
    const found = measured.map((tp) =>
      measured.map((tn) => {
        const share = (count: number) => ({ count, n: measuredOn });
        const judge = { sensitivity: share(tp), specificity: share(tn) };
        return range(n + 1).map((count) => correctedRate({ count, n }, judge));
      }),
    );
    const chances = (of: number) => measured.map((count) => binomialProbability(count, measuredOn, of));
    const [ofTp, ofTn] = [chances(sensitivity), chances(specificity)];
    return rates.map((rate) => {
      const apparent = rate * sensitivity + (1 - rate) * (1 - specificity);
      const ofCount = range(n + 1).map((count) => binomialProbability(count, n, apparent));
      const exact = sum(
        measured.flatMap((tp) =>
          measured.map((tn) => {
            const hit = ofCount.map((chance, count) => (holds(found[tp]?.[tn]?.[count], rate) ? chance : 0));
            return (ofTp[tp] ?? 0) * (ofTn[tn] ?? 0) * sum(hit);
          }),
        ),
      );
      const hits = repeat(trials, () => {
        const [tp, tn] = [draw(measuredOn, sensitivity, random), draw(measuredOn, specificity, random)];
        return holds(found[tp]?.[tn]?.[draw(n, apparent, random)], rate);
      });
      return cellOf(rate, n, exact, hits, trials);
    });
  });
}

/** How often Newcombe's interval holds the effect of a change that removes a share of the failure, lanes drawn apart. */
export function effectStudy(removedShare: number, size: StudySize): readonly Cell[] {
  return pairStudy(removedShare, size, (cells, rate) => {
    const table = {
      both: cells.both,
      onlyFirst: cells.fixed,
      onlySecond: cells.broken,
      neither: cells.neither,
    };
    return holds(newcombePairedDifference(table), rate * removedShare);
  });
}

/**
 * How often a replay of n pairs calls a change that removes a share of the failure `improved`, with the verdict that
 * cycles give. Lanes are drawn apart, and controls hold.
 */
export function verdictStudy(removedShare: number, size: StudySize, candidates = 1): readonly Cell[] {
  return pairStudy(removedShare, size, (cells) => callsImproved(cells, candidates));
}

/** How often any of several useless changes against one failure is called `improved`. */
export function candidatesStudy(candidates: number, size: StudySize): readonly Cell[] {
  return verdictStudy(0, size, candidates).map(({ rate, n, exact }) => {
    const any = 1 - (1 - exact) ** candidates;
    const hits = repeat(size.trials, () =>
      range(candidates).some(() => callsImproved(drawPairs(n, rate, 0, size.random), candidates)),
    );
    return cellOf(rate, n, any, hits, size.trials);
  });
}

interface PairCells {
  readonly both: number;
  readonly fixed: number;
  readonly broken: number;
  readonly neither: number;
}

function callsImproved({ both, fixed, broken, neither }: PairCells, candidates: number): boolean {
  const of = (count: number, baseline: RunOutcome, candidate: RunOutcome): ReplayedPair[] =>
    range(count).map(() => ({ baseline, candidate }));
  const failing = [
    ...of(both, 'failed', 'failed'),
    ...of(fixed, 'failed', 'held'),
    ...of(broken, 'held', 'failed'),
    ...of(neither, 'held', 'held'),
  ];
  const controls = of(controlPairs(failing.length), 'held', 'held');
  return judgeReplay(failing, controls, candidates).verdict === 'improved';
}

function pairStudy(
  removedShare: number,
  { rates, sizes, trials, random }: StudySize,
  judge: (cells: PairCells, rate: number) => boolean,
): readonly Cell[] {
  return sizes.flatMap((n) =>
    rates.map((rate) => {
      const after = rate * (1 - removedShare);
      const exact = sum(
        range(n + 1).flatMap((failed) => {
          const chance = binomialProbability(failed, n, rate);
          // What cannot be told from nothing need not be judged.
          if (chance < 1e-9) return [];
          return range(failed + 1).flatMap((both) => {
            const ofBoth = chance * binomialProbability(both, failed, after);
            if (ofBoth < 1e-9) return [];
            return range(n - failed + 1).map((broken) => {
              const ofAll = ofBoth * binomialProbability(broken, n - failed, after);
              if (ofAll < 1e-9) return 0;
              const cells = { both, fixed: failed - both, broken, neither: n - failed - broken };
              return judge(cells, rate) ? ofAll : 0;
            });
          });
        }),
      );
      const hits = repeat(trials, () => judge(drawPairs(n, rate, removedShare, random), rate));
      return cellOf(rate, n, exact, hits, trials);
    }),
  );
}

function drawPairs(n: number, rate: number, removedShare: number, random: () => number): PairCells {
  const cells = { both: 0, fixed: 0, broken: 0, neither: 0 };
  for (let pair = 0; pair < n; pair += 1) {
    const before = random() < rate;
    const after = random() < rate * (1 - removedShare);
    if (before) cells[after ? 'both' : 'fixed'] += 1;
    else cells[after ? 'broken' : 'neither'] += 1;
  }
  return cells;
}

function cellOf(rate: number, n: number, exact: number, hits: number, trials: number): Cell {
  const simulated = hits / trials;
  // Where almost all trials agree, one that does not is no wonder.
  const variance = Math.max(exact * (1 - exact), 1 / trials) / trials;
  return { rate, n, exact, simulated, z: (simulated - exact) / Math.sqrt(variance) };
}

function holds(interval: Interval | null | undefined, value: number): boolean {
  return interval != null && interval.low <= value && value <= interval.high;
}

function draw(n: number, rate: number, random: () => number): number {
  return repeat(n, () => random() < rate);
}

function repeat(times: number, happens: () => boolean): number {
  let count = 0;
  for (let time = 0; time < times; time += 1) if (happens()) count += 1;
  return count;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
