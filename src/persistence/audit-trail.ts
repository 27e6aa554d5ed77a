import { randomUUID } from 'node:crypto';
import type { AuditEvent, AuditTrail } from '../ports/audit';
import type { PrismaClient, Transaction } from './client';

const SECRET_NAME = /api[-_]?key|password|passphrase|secret|authorization|credential|private[-_]?key/i;

/** The audit trail over `audit_logs`, for events that stand alone. */
export function createAuditTrail(prisma: PrismaClient): AuditTrail {
  return { append: (events) => appendInTransaction(prisma, events) };
}

/**
 * Writes events within the transaction of what they tell of; an event whose key exists already is left as it stands.
 * Values named like a secret are replaced. Times are the database's, so that all writers share one clock.
 */
export async function appendInTransaction(tx: Transaction, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = JSON.stringify(
    events.map((event) => ({
      id: randomUUID(),
      key: event.key,
      event_type: event.eventType,
      actor: event.actor,
      subject_type: event.subjectType,
      subject_id: event.subjectId,
      details: withoutSecrets(event.details),
    })),
  );
  await tx.$executeRaw`
    INSERT INTO audit_logs (id, key, event_type, actor, subject_type, subject_id, details, created_at)
    SELECT e.id, e.key, e.event_type, e.actor, e.subject_type, e.subject_id, e.details, clock_timestamp()
    FROM jsonb_to_recordset(${rows}::jsonb)
      AS e(id uuid, key text, event_type text, actor text, subject_type text, subject_id text, details jsonb)
    ON CONFLICT (key) DO NOTHING`;
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAME.test(name) ? '[redacted]' : withoutSecrets(item),
    ]),
  );
}
