import { binomialProbability, binomialUpperTail } from './binomial';
import { mcnemarExact } from './paired';

/** What a replay should be able to show. */
export interface PairedEffect {
  /** The failure rate without the change, 0–1. */
  readonly baselineRate: number;
  /** The share of the failure that the change removes, 0–1. */
  readonly removedShare: number;
  /** The two-sided level of the exact McNemar test. */
  readonly level: number;
}

/** The least number of pairs, or runs, that suffices, and the power it has. */
export interface SampleSize {
  readonly n: number;
  /** Below the wanted one when the most that was allowed does not suffice. */
  readonly power: number;
}

/**
 * The chance that a replay of so many pairs shows the improvement with the two-sided exact McNemar test. Both lanes of a
 * pair are taken as independent, as on a target that draws its answers anew: where the lanes go together, as they do
 * when a seed decides, fewer pairs are discordant against the change, and the power is higher.
 * Source: O. S. Miettinen, "The matched pairs design in the case of all-or-none responses", Biometrics 24 (1968) 339–352,
 * for the unconditional power; here summed exactly.
 */
export function pairedPower(pairs: number, effect: PairedEffect): number {
  return powerWith(pairs, effect, shownAmong(pairs, effect));
}

/** The least number of pairs within the limits from which on up to `max` the power is never below `power`; else `max`. */
export function pairsForPower(
  effect: PairedEffect,
  power: number,
  { min, max }: { readonly min: number; readonly max: number },
): SampleSize {
  const shown = shownAmong(max, effect);
  return leastFrom(min, max, power, (pairs) => powerWith(pairs, effect, shown));
}

/** P(improvement shown | so many discordant pairs), by their number. */
function shownAmong(pairs: number, effect: PairedEffect): readonly number[] {
  const { fixed, discordant } = cellsOf(effect);
  const share = discordant === 0 ? 0 : fixed / discordant;
  let least = 0;
  return Array.from({ length: pairs + 1 }, (_, count) => {
    while (least <= count && !shows(least, count - least, effect.level)) least += 1;
    return binomialUpperTail(least, count, share);
  });
}

function shows(fixed: number, broken: number, level: number): boolean {
  return fixed > broken && mcnemarExact(fixed, broken) <= level;
}

function powerWith(pairs: number, effect: PairedEffect, shown: readonly number[]): number {
  const { discordant } = cellsOf(effect);
  return shown
    .slice(0, pairs + 1)
    .reduce((sum, chance, count) => sum + chance * binomialProbability(count, pairs, discordant), 0);
}

function cellsOf({ baselineRate, removedShare }: PairedEffect) {
  const candidateRate = baselineRate * (1 - removedShare);
  const fixed = baselineRate * (1 - candidateRate);
  const broken = (1 - baselineRate) * candidateRate;
  return { fixed, discordant: fixed + broken };
}

/** A failure rate to be told from a lower one. */
export interface RateEffect {
  /** The rate that is to be ruled out; 0 asks that the failure shows at all. */
  readonly reference: number;
  readonly rate: number;
  /** The level of the one-sided exact binomial test. */
  readonly level: number;
}

/**
 * The chance that so many runs show the failure rate to be above the reference, with the one-sided exact binomial test.
 * Source: R. P. A'Hern, "Sample size tables for exact single-stage phase II designs", Statist. Med. 20 (2001) 859–866.
 */
export function ratePower(runs: number, { reference, rate, level }: RateEffect): number {
  let least = 0;
  while (least <= runs && binomialUpperTail(least, runs, reference) > level) least += 1;
  return binomialUpperTail(least, runs, rate);
}

/** The least number of runs within the limits from which on up to `max` the power is never below `power`; else `max`. */
export function runsForPower(
  effect: RateEffect,
  power: number,
  { min, max }: { readonly min: number; readonly max: number },
): SampleSize {
  return leastFrom(min, max, power, (runs) => ratePower(runs, effect));
}

/** Power rises in a saw-tooth, since a test of counts cannot use its level up: what suffices must stay sufficient. */
function leastFrom(min: number, max: number, wanted: number, powerOf: (n: number) => number): SampleSize {
  let best: SampleSize = { n: max, power: powerOf(max) };
  for (let n = max; n >= min; n -= 1) {
    const power = powerOf(n);
    if (power < wanted) break;
    best = { n, power };
  }
  return best;
}
