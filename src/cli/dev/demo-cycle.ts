import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ApiClient } from '../api-client';

const newestSchema = z.looseObject({ items: z.array(z.looseObject({ id: z.string(), state: z.string() })) });
const startedSchema = z.looseObject({ id: z.string() });

/**
 * The cycle to show: one that an earlier start left running, else a new one when it is asked for or the database has
 * none; undefined when there is nothing to show.
 */
export async function demoCycle(client: ApiClient, asked: boolean): Promise<string | undefined> {
  const { items } = await client.callPatiently('/research/cycles', newestSchema, { query: { limit: 1 } });
  const newest = items[0];
  if (newest?.state === 'running') return newest.id;
  if (newest !== undefined && !asked) return undefined;
  // The key makes the start safe to repeat when the API dies between taking and answering it.
  const started = await client.callPatiently('/research/cycle', startedSchema, {
    method: 'POST',
    headers: { 'idempotency-key': `dev-${randomUUID()}` },
    body: { target: 'demo' },
  });
  return started.id;
}
