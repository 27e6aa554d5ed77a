import { z } from 'zod';

export const DAY_SECONDS = 86_400;
const UNIT_SECONDS = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', DAY_SECONDS],
]);

/** Seconds as a number, or with a unit: 45s, 90m, 24h, 7d; one second to 365 days. */
export const seconds = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,9}[smhd]$/)
        .transform((text) => Number(text.slice(0, -1)) * (UNIT_SECONDS.get(text.slice(-1)) ?? NaN)),
    ],
    'Expected seconds, or a number with a unit such as 90m, 24h or 7d',
  )
  .pipe(
    z
      .int()
      .min(1)
      .max(365 * DAY_SECONDS, 'Expected at most 365 days'),
  );
