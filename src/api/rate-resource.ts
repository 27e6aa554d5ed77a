import { z } from 'zod';

/** A probability, or a share. */
export const rate = z.number().min(0).max(1);
export const count = z.int().min(0);

/** A proportion with its interval. */
export const Rate = z
  .looseObject({
    count,
    n: count,
    value: rate.nullable(),
    low: rate.nullable(),
    high: rate.nullable(),
  })
  .meta({ id: 'Rate' });
