/** Lanczos' coefficients for g = 7; see `logGamma`. */
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
const LANCZOS_FIRST = 0.99999999999980993;
const LANCZOS_G = 7;
/** No divisor of the continued fraction may be 0. */
const TINY = 1e-300;
/** The continued fraction needs about the square root of the larger parameter, the bisection one a bit. */
const MAX_STEPS = 1_000;

/**
 * The logarithm of the gamma function of `x` > 0, to about 15 digits.
 * Source: C. Lanczos, "A precision approximation of the gamma function", SIAM J. Numer. Anal. B 1 (1964) 86–96.
 */
export function logGamma(x: number): number {
  const shifted = x - 1;
  const series = LANCZOS.reduce<number>(
    (sum, coefficient, i) => sum + coefficient / (shifted + i + 1),
    LANCZOS_FIRST,
  );
  const t = shifted + LANCZOS_G + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(series);
}

/**
 * P(X <= x) for X ~ Beta(a, b), the regularised incomplete beta function, for `a`, `b` > 0.
 * Source: NIST Digital Library of Mathematical Functions, 8.17.22, by the modified algorithm of Lentz.
 */
export function betaCumulative(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - lowerPart(1 - x, b, a);
  return lowerPart(x, a, b);
}

function lowerPart(x: number, a: number, b: number): number {
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(logFront) * continuedFraction(x, a, b)) / a;
}

function continuedFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MAX_STEPS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      d = 1 / awayFromZero(1 + term * d);
      c = awayFromZero(1 + term / c);
      change = d * c;
      fraction *= change;
    }
    if (Math.abs(change - 1) <= Number.EPSILON) break;
  }
  return fraction;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** The x with P(X <= x) = `p` for X ~ Beta(a, b), by bisection down to neighbouring numbers. */
export function betaQuantile(p: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (betaCumulative(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return high;
}
