const SHORTEST_MS = 1_000;
const LONGEST_MS = 3_600_000;

/**
 * Milliseconds until the next attempt: between half and the whole of a wait that doubles, from a second to an hour. The
 * random half keeps what failed together from coming back together.
 * @param attempt the number of the attempt that failed, from 1
 * @param random from 0 to below 1
 */
export function retryDelayMs(attempt: number, random: number): number {
  const whole = Math.min(SHORTEST_MS * 2 ** attempt, LONGEST_MS);
  return Math.round(whole * (0.5 + random / 2));
}
