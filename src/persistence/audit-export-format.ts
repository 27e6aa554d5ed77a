import { createHmac } from 'node:crypto';
import { z } from 'zod';

/** Lines of an export: a header, links in order, unsealed rows, and an end that is made with the key over all before. */
export const EXPORT_VERSION = 1;

const seq = z.int().min(1);
const hmac = z.string();
const moment = z.iso.datetime();

const row = z.strictObject({
  id: z.string(),
  key: z.string(),
  event_type: z.string(),
  actor: z.string(),
  subject_type: z.string(),
  subject_id: z.string(),
  details: z.unknown(),
  details_version: z.number(),
  created_at: z.string().nullable(),
});

export const headerLine = z.strictObject({
  type: z.literal('tinman_audit_export'),
  version: z.literal(EXPORT_VERSION),
  exported_at: moment,
  since: moment.nullable(),
  until: moment.nullable(),
  /** The chain as it ended at that moment; null when nothing was sealed. */
  head: z.strictObject({ seq: z.number(), hmac }).nullable(),
  /** The links that follow, and the one before the first (null when it is gone); null when there are none. */
  links: z.strictObject({ first_seq: seq, last_seq: seq, previous_hmac: hmac.nullable() }).nullable(),
});
export type ExportHeader = z.infer<typeof headerLine>;

const linkLine = z.strictObject({
  type: z.literal('link'),
  seq: z.number(),
  log_id: z.string(),
  hmac,
  /** Null when the row is gone. */
  log: row.nullable(),
});

const unsealedLine = z.strictObject({ type: z.literal('unsealed'), inserted: z.boolean(), log: row });

const endLine = z.strictObject({ type: z.literal('end'), hmac });

export const bodyLine = z.discriminatedUnion('type', [linkLine, unsealedLine, endLine]);
export type BodyLine = z.infer<typeof bodyLine>;

/** What the end is made over; the name keeps it apart from everything else that the key is used for. */
export function exportHmac(key: Buffer): ReturnType<typeof createHmac> {
  return createHmac('sha256', key).update('tinman audit export\n');
}
