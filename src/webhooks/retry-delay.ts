const FIRST_MS = 1_000;
const LONGEST_MS = 3_600_000;

/**
 * Milliseconds until the next attempt: they double from a second to an hour, and a random half of them is left out, so
 * that what failed together does not come back together.
 * @param attempt the number of the attempt that failed, from 1
 * @param random from 0 to below 1
 */
export function retryDelayMs(attempt: number, random: number): number {
  const full = Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS);
  return Math.max(FIRST_MS, Math.round(full * (0.5 + random / 2)));
}
