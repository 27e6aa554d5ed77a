import type { RunOutcome } from '../experiment';

/** What is to be told apart, and how surely. */
export interface SequentialPlan {
  /** A failure rate up to here is none; above 0. */
  readonly p0: number;
  /** A failure rate from here on is one; above `p0`, below 1. */
  readonly p1: number;
  /** The chance, at most, to establish a failure whose rate is `p0` or less. */
  readonly alpha: number;
  /** The chance, at most, to refute a failure whose rate is `p1` or more. */
  readonly beta: number;
}

export interface SequentialVerdict {
  readonly verdict: 'established' | 'refuted' | 'undecided';
  /** Runs after which it was reached, unassessed ones among them; when undecided, those that were looked at. */
  readonly runs: number;
  /** How many times more likely the outcomes are at `p1` than at `p0`. */
  readonly likelihoodRatio: number;
}

/** What a plan does on a target whose failure has a given rate; computed, not simulated. */
export interface SequentialOperation {
  /** Chances, which add up to 1. */
  readonly established: number;
  readonly refuted: number;
  readonly undecided: number;
  /** Expected assessed runs until the verdict, or until all are spent. */
  readonly expectedRuns: number;
}

/** How many times more likely so many failed and held runs are at a failure rate of `p1` than at `p0`. */
export function likelihoodRatio(failed: number, held: number, p0: number, p1: number): number {
  return (p1 / p0) ** failed * ((1 - p1) / (1 - p0)) ** held;
}

/**
 * Whether the runs so far establish or refute a failure; one may ask after every run. The likelihood ratio is a test
 * supermartingale at every rate up to `p0`, and its inverse at every rate from `p1` on, so that by Ville's inequality the
 * chance that it is ever 1/alpha or more, or ever beta or less, where it should not be, is at most alpha or beta: whoever
 * stops whenever they like, also because money is spent, keeps the guarantee.
 *
 * Runs are looked at in run order, whatever the order in which they arrived: an `undefined` run is not back yet, and
 * nothing after it counts. The first verdict stands. Unassessed runs count neither way.
 * Sources: A. Wald, "Sequential tests of statistical hypotheses", Ann. Math. Statist. 16 (1945) 117–186, with the bounds
 * 1/alpha and beta in place of his approximate (1 − beta)/alpha and beta/(1 − alpha); J. Ville, "Étude critique de la
 * notion de collectif" (1939).
 * @throws {RangeError} for a plan that tells nothing apart.
 */
export function sequentialVerdict(
  outcomesInRunOrder: readonly (RunOutcome | undefined)[],
  plan: SequentialPlan,
): SequentialVerdict {
  requireSound(plan);
  let [failed, held, runs] = [0, 0, 0];
  for (const outcome of outcomesInRunOrder) {
    if (outcome === undefined) break;
    runs += 1;
    if (outcome === 'failed') failed += 1;
    if (outcome === 'held') held += 1;
    const verdict = verdictAt(failed, held, plan);
    if (verdict !== 'undecided') return { verdict, runs, likelihoodRatio: ratioAt(failed, held, plan) };
  }
  return { verdict: 'undecided', runs, likelihoodRatio: ratioAt(failed, held, plan) };
}

/**
 * The exact chances of each verdict within `maxRuns` assessed runs, and the expected number of them, at a failure rate.
 * By recursion over the counts at which no verdict was reached: see P. Armitage, "Restricted sequential procedures",
 * Biometrika 44 (1957) 9–26.
 * @throws {RangeError} for a plan that tells nothing apart.
 */
export function sequentialOperation(
  plan: SequentialPlan,
  maxRuns: number,
  rate: number,
): SequentialOperation {
  requireSound(plan);
  const ended = { established: 0, refuted: 0 };
  let expectedRuns = 0;
  /** The chance to be undecided with so many failed runs, by their number. */
  let open: readonly number[] = [1];
  for (let runs = 1; runs <= maxRuns; runs += 1) {
    expectedRuns += sum(open);
    open = Array.from({ length: runs + 1 }, (_, failed) => {
      const chance = (open[failed - 1] ?? 0) * rate + (open[failed] ?? 0) * (1 - rate);
      const verdict = verdictAt(failed, runs - failed, plan);
      if (verdict === 'undecided') return chance;
      ended[verdict] += chance;
      return 0;
    });
  }
  return { ...ended, undecided: sum(open), expectedRuns };
}

function verdictAt(failed: number, held: number, plan: SequentialPlan): SequentialVerdict['verdict'] {
  const ratio = ratioAt(failed, held, plan);
  if (ratio >= 1 / plan.alpha) return 'established';
  return ratio <= plan.beta ? 'refuted' : 'undecided';
}

function ratioAt(failed: number, held: number, { p0, p1 }: SequentialPlan): number {
  return likelihoodRatio(failed, held, p0, p1);
}

function requireSound({ p0, p1, alpha, beta }: SequentialPlan): void {
  const sound = p0 > 0 && p0 < p1 && p1 < 1 && alpha > 0 && alpha < 1 && beta > 0 && beta < 1;
  if (!sound) throw new RangeError('a sequential plan needs 0 < p0 < p1 < 1 and alpha, beta between 0 and 1');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
