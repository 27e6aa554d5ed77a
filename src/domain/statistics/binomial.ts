import { betaCumulative } from './beta';

/** Logarithms of the factorials, as far as they were asked for. */
const LOG_FACTORIALS = [0];

/** P(X = k) for X ~ Binomial(n, p). */
export function binomialProbability(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0;
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  const logWays = logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  return Math.exp(logWays + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/** P(X >= k) for X ~ Binomial(n, p). */
export function binomialUpperTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return betaCumulative(p, k, n - k + 1);
}

function logFactorial(n: number): number {
  for (let i = LOG_FACTORIALS.length; i <= n; i += 1) {
    LOG_FACTORIALS.push((LOG_FACTORIALS[i - 1] ?? 0) + Math.log(i));
  }
  return LOG_FACTORIALS[n] ?? Number.NaN;
}
