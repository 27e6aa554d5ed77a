import type { Rate } from '../failure';
import { betaQuantile } from './beta';

/** The 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
export const Z_95 = 1.959963984540054;

/** Two ends of a 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson's score interval at 95 %, without continuity correction, for `count` of `n`; null when `n` is 0. Its coverage is
 * 95 % on average, and below that at some rates.
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209–212.
 */
export function wilsonInterval(count: number, n: number): Interval | null {
  if (n === 0) return null;
  const zz = Z_95 * Z_95;
  const centre = count + zz / 2;
  const spread = Z_95 * Math.sqrt((count * (n - count)) / n + zz / 4);
  return {
    low: count === 0 ? 0 : (centre - spread) / (n + zz),
    high: count === n ? 1 : (centre + spread) / (n + zz),
  };
}

/**
 * The exact interval at 95 % for `count` of `n`; null when `n` is 0. Its coverage is at least 95 % at every rate, for
 * which it is wider than Wilson's.
 * Source: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
 * binomial", Biometrika 26 (1934) 404–413; here as quantiles of the beta distribution.
 */
export function clopperPearsonInterval(count: number, n: number): Interval | null {
  if (n === 0) return null;
  return {
    low: count === 0 ? 0 : betaQuantile(0.025, count, n - count + 1),
    high: count === n ? 1 : betaQuantile(0.975, count + 1, n - count),
  };
}

/** A proportion with its Wilson interval; all null over no runs. */
export function rateOf(count: number, n: number): Rate {
  const interval = wilsonInterval(count, n);
  return {
    value: n === 0 ? null : count / n,
    n,
    count,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
}
