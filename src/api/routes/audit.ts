import { z } from 'zod';
import { AUDIT_EVENT_TYPES } from '../../domain/audit-events';
import type { AuditEntry } from '../../ports/audit';
import type { ApiDeps } from '../deps';
import { pageOf } from '../resources';
import { defineRoute, type Route } from '../route';
import { text, timestamp } from '../schemas';

const MAX_PAGE = 1_000;

const AuditRecord = z
  .object({
    id: z.guid(),
    event_type: z.string(),
    actor: z.string(),
    subject_type: z.string(),
    subject_id: z.string(),
    details: z.record(z.string(), z.unknown()),
    created_at: timestamp,
    seq: z.int().nullable().describe('Its place in the sealed chain; null until it is sealed.'),
  })
  .meta({ id: 'AuditRecord' });

const eventTypes = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((names) => names.split(',')))
  .pipe(z.array(z.enum(AUDIT_EVENT_TYPES)))
  .optional()
  .describe(`Only these, repeated or with commas between: ${AUDIT_EVENT_TYPES.join(', ')}.`);

const moment = z.iso.datetime({ offset: true }).transform((time) => new Date(time));

/** `/audit`. */
export function auditRoutes({ audit }: Pick<ApiDeps, 'audit'>): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/audit',
      access: 'approver',
      tag: 'audit',
      summary: 'The audit log, newest first.',
      query: z.strictObject({
        event_types: eventTypes,
        since: moment.optional().describe('Included.'),
        until: moment.optional().describe('Excluded.'),
        actor: text(200).min(1).optional().describe('Only what this one did.'),
        subject_id: text(200).min(1).optional().describe('Only what was done to this.'),
        limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50).describe('Records a page.'),
        cursor: text(1_000).optional().describe('The `next_cursor` of the page before.'),
      }),
      responses: { 200: { description: 'One page.', schema: pageOf(AuditRecord) } },
      handler: async ({ query }) => {
        const { event_types, subject_id, ...rest } = query;
        const page = await audit.page({ ...rest, eventTypes: event_types, subjectId: subject_id });
        return { status: 200, body: { items: page.items.map(toRecord), next_cursor: page.nextCursor } };
      },
    }),
  ];
}

function toRecord(entry: AuditEntry): z.input<typeof AuditRecord> {
  const { id, eventType, actor, subjectType, subjectId, details, createdAt, seq } = entry;
  return {
    id,
    event_type: eventType,
    actor,
    subject_type: subjectType,
    subject_id: subjectId,
    details,
    created_at: createdAt.toISOString(),
    seq,
  };
}
