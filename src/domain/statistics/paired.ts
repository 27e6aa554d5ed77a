import { binomialProbability } from './binomial';
import { wilsonInterval } from './interval';
import type { Interval } from './interval';

/** A table of pairs by which side failed. Named after Newcombe's cells e, f, g, h. */
export interface PairTable {
  readonly both: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly neither: number;
}

/**
 * Two-sided exact McNemar test: the probability, if fixing and breaking were equally likely, of a split at least as
 * uneven as this one. 1 without discordant pairs.
 * Source: Q. McNemar, Psychometrika 12 (1947) 153–157, with the binomial in place of its normal approximation.
 */
export function mcnemarExact(fixed: number, broken: number): number {
  return Math.min(1, 2 * fairTail(Math.min(fixed, broken), fixed + broken));
}

/**
 * Two-sided mid-p McNemar test: outcomes as uneven as this one count half. Less strict than the exact test, and on
 * average at its level rather than below it; it can exceed it slightly.
 * Source: M. W. Fagerland, S. Lydersen and P. Laake, "The McNemar test for binary matched-pairs data: mid-p and asymptotic
 * are better than exact conditional", BMC Med. Res. Methodol. 13:91 (2013).
 */
export function mcnemarMidP(fixed: number, broken: number): number {
  const n = fixed + broken;
  const point = binomialProbability(fixed, n, 0.5);
  return fixed === broken ? 1 - point / 2 : mcnemarExact(fixed, broken) - point;
}

/** One-sided exact test for harm: P(X >= broken) for X ~ Binomial(fixed + broken, 1/2). 1 without discordant pairs. */
export function exactHarm(fixed: number, broken: number): number {
  return fairTail(fixed, fixed + broken);
}

/**
 * 95 % interval of the difference of two paired proportions (first less second); null without pairs.
 * Source: R. G. Newcombe, "Improved confidence intervals for the difference between binomial proportions based on paired
 * data", Statistics in Medicine 17 (1998) 2635–2650, method 10: Wilson's score limits of both proportions, squared and
 * added with the correlation of the pairs, corrected for continuity where it is positive.
 */
export function newcombePairedDifference(table: PairTable): Interval | null {
  const { both, onlyFirst, onlySecond, neither } = table;
  const n = both + onlyFirst + onlySecond + neither;
  const first = wilsonInterval(both + onlyFirst, n);
  const second = wilsonInterval(both + onlySecond, n);
  if (first === null || second === null) return null;
  const p1 = (both + onlyFirst) / n;
  const p2 = (both + onlySecond) / n;
  const phi = pairCorrelation(table);
  const below = addSquares(p1 - first.low, second.high - p2, phi);
  const above = addSquares(first.high - p1, p2 - second.low, phi);
  const difference = (onlyFirst - onlySecond) / n;
  return { low: Math.max(-1, difference - below), high: Math.min(1, difference + above) };
}

/** Newcombe's corrected phi: 0 when a margin is empty. */
function pairCorrelation({ both, onlyFirst, onlySecond, neither }: PairTable): number {
  const margins = (both + onlyFirst) * (onlySecond + neither) * (both + onlySecond) * (onlyFirst + neither);
  if (margins === 0) return 0;
  const excess = both * neither - onlyFirst * onlySecond;
  const n = both + onlyFirst + onlySecond + neither;
  return (excess > 0 ? Math.max(excess - n / 2, 0) : excess) / Math.sqrt(margins);
}

/** The square root cannot be of less than 0 but for rounding. */
function addSquares(a: number, b: number, phi: number): number {
  return Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b));
}

/**
 * P(X <= k) for X ~ Binomial(n, 1/2). The smaller tail is summed down from its largest term, which is found as a
 * logarithm: nothing overflows, and nothing underflows that a double can hold.
 */
function fairTail(k: number, n: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  if (2 * k >= n) return 1 - fairTail(n - k - 1, n);
  let logLargest = -n * Math.LN2;
  for (let i = 1; i <= k; i += 1) logLargest += Math.log((n - k + i) / i);
  let ratio = 1;
  let sum = 1;
  for (let j = k; j > 0; j -= 1) {
    ratio *= j / (n - j + 1);
    sum += ratio;
  }
  return Math.exp(logLargest) * sum;
}
