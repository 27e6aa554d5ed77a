import { logGamma } from './beta';
import type { Belief } from './posterior';

/**
 * The information, in bits, that the outcome of so many runs is expected to give about a rate that is believed to be
 * Beta(a, b): the mutual information of the rate and the number of failures among the runs. It is 0 for no runs, at most
 * log2(runs + 1), and falls as the belief becomes firm.
 * Source: D. V. Lindley, "On a measure of the information provided by an experiment", Ann. Math. Statist. 27 (1956)
 * 986–1005; the number of failures is beta-binomial.
 */
export function expectedInformation({ a, b }: Belief, runs: number): number {
  let ofOutcome = 0;
  let ofOrder = 0;
  for (let failures = 0; failures <= runs; failures += 1) {
    const logWays = logGamma(runs + 1) - logGamma(failures + 1) - logGamma(runs - failures + 1);
    const logChance = logWays + logBeta(a + failures, b + runs - failures) - logBeta(a, b);
    const chance = Math.exp(logChance);
    ofOutcome -= chance * logChance;
    ofOrder += chance * logWays;
  }
  // H(outcome) less the mean over rates of H(outcome | rate), which is that of the runs one by one less their order.
  const nats = ofOutcome - (runs * meanRunEntropy(a, b) - ofOrder);
  return Math.max(0, nats / Math.LN2);
}

/** The mean over Beta(a, b) of the entropy of one run, in nats. */
function meanRunEntropy(a: number, b: number): number {
  const total = a + b;
  return digamma(total + 1) - (a / total) * digamma(a + 1) - (b / total) * digamma(b + 1);
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Below this the asymptotic series is not exact enough. */
const ASYMPTOTIC_FROM = 10;

/**
 * The derivative of the logarithm of the gamma function, for `x` > 0, to about 12 digits.
 * Source: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), 6.3.5 and 6.3.18.
 */
export function digamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < ASYMPTOTIC_FROM; at += 1) shift -= 1 / at;
  const square = 1 / (at * at);
  const series =
    square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))));
  return shift + Math.log(at) - 1 / (2 * at) - series;
}
