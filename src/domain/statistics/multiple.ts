/**
 * Holm's adjusted p-values, in the order given: those at or below a level are significant together, with a chance of at
 * most that level that any of them is so by accident, however the tests depend on each other.
 * Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979) 65–70.
 */
export function holmAdjusted(pValues: readonly number[]): readonly number[] {
  const adjusted = pValues.map(() => 1);
  const ascending = pValues.map((p, position) => ({ p, position })).toSorted((a, b) => a.p - b.p);
  let largest = 0;
  for (const [rank, { p, position }] of ascending.entries()) {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)));
    adjusted[position] = largest;
  }
  return adjusted;
}

/**
 * The level at which each of `candidates` comparisons is tested, so that any of them is found significant by accident
 * with a chance of at most `level`. It can be fixed before the first is done: it is the first and strictest step of
 * Holm's procedure, and what it finds Holm's would find too.
 * Source: C. E. Bonferroni (1936); O. J. Dunn, "Multiple comparisons among means", JASA 56 (1961) 52–64.
 */
export function sharedLevel(level: number, candidates: number): number {
  return level / Math.max(1, candidates);
}
