/**
 * The chance that at least one of `k` further runs passes, estimated without bias from `passed` of `n` runs; null when
 * `k` is 0 or more than `n`.
 * Source: M. Chen et al., "Evaluating large language models trained on code", arXiv 2107.03374 (2021), equation 1:
 * 1 − C(n − passed, k) / C(n, k).
 */
export function passAtK(passed: number, n: number, k: number): number | null {
  const noneOf = passHatK(n - passed, n, k);
  return noneOf === null ? null : 1 - noneOf;
}

/**
 * The chance that all of `k` further runs pass, pass^k, estimated without bias from `passed` of `n` runs; null when `k`
 * is 0 or more than `n`.
 * Source: S. Yao et al., "τ-bench: a benchmark for tool-agent-user interaction in real-world domains", arXiv 2406.12045
 * (2024), section 3: C(passed, k) / C(n, k).
 */
export function passHatK(passed: number, n: number, k: number): number | null {
  if (k < 1 || k > n) return null;
  let chance = 1;
  for (let drawn = 0; drawn < k && chance > 0; drawn += 1) {
    chance *= Math.max(0, passed - drawn) / (n - drawn);
  }
  return chance;
}
