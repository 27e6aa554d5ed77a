import { z } from 'zod';

/** Text that PostgreSQL can store: no NUL, no half of a surrogate pair. */
export const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\0\p{Cs}]*$/u, 'must not contain NUL or unpaired surrogates');

/** The id of a record, in lower case as it is stored. */
const recordId = z.guid().toLowerCase();

export const IdParams = z.object({ id: recordId });

/** A body for requests that need none. */
export const EmptyBody = z.strictObject({}).meta({ id: 'EmptyBody' });

export const IdempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
    .optional()
    .describe(
      'Makes the request safe to repeat: a repeat answers like the first, and with another body it is a conflict.',
    ),
});

/** ISO 8601, UTC. */
export const timestamp = z.iso.datetime();
