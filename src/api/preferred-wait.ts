import { z } from 'zod';

/** The header by which a caller says how long to wait; a query parameter `wait` wins over it. */
export const PreferHeader = {
  prefer: z.string().optional().describe('`wait=SECONDS` waits like the query parameter.'),
};

/** `wait` of a Prefer header in whole seconds (RFC 7240); preferences that are not understood are ignored. */
export function preferredWait(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?=$|[,;\s])/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
