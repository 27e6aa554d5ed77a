import { betaQuantile } from './beta';
import type { Interval } from './interval';

/** What is believed of a rate: Beta(a, b). */
export interface Belief {
  readonly a: number;
  readonly b: number;
}

/**
 * The belief before anything was seen.
 * Source: H. Jeffreys, "An invariant form for the prior probability in estimation problems", Proc. R. Soc. A 186 (1946).
 */
export const JEFFREYS: Belief = { a: 0.5, b: 0.5 };

/** What was seen at one time. */
export interface Observation {
  readonly failed: number;
  readonly held: number;
  /** In the unit of the half-life; not negative. */
  readonly age: number;
}

/**
 * The belief after the observations, each of which counts half as much after every half-life: what was true of a target
 * once need not be true of it now, so that without new runs the belief returns to the prior. `halfLife` may be Infinity.
 * Source: the power prior with a discount by age, J. G. Ibrahim and M.-H. Chen, Statistical Science 15 (2000) 46–60.
 */
export function beliefFrom(
  observations: readonly Observation[],
  halfLife: number,
  prior: Belief = JEFFREYS,
): Belief {
  const weighted = (count: 'failed' | 'held'): number =>
    observations.reduce((sum, seen) => sum + seen[count] * 2 ** (-seen.age / halfLife), 0);
  return { a: prior.a + weighted('failed'), b: prior.b + weighted('held') };
}

/** The expected rate. */
export function believedRate({ a, b }: Belief): number {
  return a / (a + b);
}

/** The equal-tailed 95 % credible interval. */
export function credibleInterval({ a, b }: Belief): Interval {
  return { low: betaQuantile(0.025, a, b), high: betaQuantile(0.975, a, b) };
}
