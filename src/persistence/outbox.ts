import { appendInTransaction } from './audit-trail';
import { storableText } from './columns';
import type { DueDelivery, EndpointSubscription, Outbox } from '../ports/outbox';
import type { PrismaClient, Transaction } from './client';

/** Longer than an attempt may take. */
const LEASE_MS = 30_000;
/** Longer than all workers take to get a new configuration, one after the other. */
const RETIRED_AFTER_MS = 600_000;

/** The outbox over `webhook_endpoints`, `outbound_events` and `webhook_deliveries`; times are the database's. */
export function createOutbox(prisma: PrismaClient): Outbox {
  return {
    register: (endpoints) => prisma.$transaction((tx) => register(tx, endpoints)),
    claim: (endpoint, limit) => claim(prisma, endpoint, limit),
    record: (delivery, outcome) =>
      prisma.$transaction(async (tx) => {
        if (outcome.state === 'delivered') return recordDelivered(tx, delivery);
        if (outcome.state === 'failed') return recordFailed(tx, delivery, storableText(outcome.error));
        await tx.$executeRaw`
          UPDATE webhook_deliveries
          SET next_attempt_at = clock_timestamp() + make_interval(secs => ${outcome.retryInMs / 1_000}::float8),
              last_error = ${storableText(outcome.error)}
          WHERE event_id = ${delivery.eventId}::uuid AND endpoint = ${delivery.endpoint}
            AND state = 'pending' AND attempts = ${delivery.attempt}`;
      }),
    forget: (olderThanMs, limit) => prisma.$transaction((tx) => forget(tx, olderThanMs, limit)),
  };
}

/** One process at a time. Own endpoints first: what this process has is never retired by it. */
async function register(
  tx: Transaction,
  endpoints: readonly EndpointSubscription[],
): Promise<readonly string[]> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoints', 0))`;
  const named = JSON.stringify(endpoints.map(({ name, events }) => ({ name, events })));
  await tx.$executeRaw`
    INSERT INTO webhook_endpoints (name, events)
    SELECT e.name, ARRAY(SELECT jsonb_array_elements_text(e.events))
    FROM jsonb_to_recordset(${named}::jsonb) AS e(name text, events jsonb)
    ORDER BY e.name
    ON CONFLICT (name) DO UPDATE
      SET events = excluded.events, last_seen_at = clock_timestamp(), retired_at = NULL`;
  const retired = await tx.$queryRaw<{ name: string }[]>`
    UPDATE webhook_endpoints SET retired_at = clock_timestamp()
    WHERE retired_at IS NULL
      AND last_seen_at < clock_timestamp() - make_interval(secs => ${RETIRED_AFTER_MS / 1_000}::float8)
    RETURNING name`;
  await tx.$executeRaw`
    UPDATE webhook_deliveries d SET state = 'dropped', last_error = 'the endpoint is not configured any more'
    FROM webhook_endpoints e
    WHERE e.name = d.endpoint AND e.retired_at IS NOT NULL AND d.state = 'pending'`;
  return retired.map(({ name }) => name);
}

interface ClaimedRow {
  readonly id: string;
  readonly attempts: number;
  readonly type: string;
  readonly data: unknown;
  readonly occurred_at: Date;
  readonly age_ms: number;
}

async function claim(prisma: PrismaClient, endpoint: string, limit: number): Promise<readonly DueDelivery[]> {
  const rows = await prisma.$queryRaw<ClaimedRow[]>`
    WITH due AS MATERIALIZED (
      SELECT event_id FROM webhook_deliveries
      WHERE endpoint = ${endpoint} AND state = 'pending' AND next_attempt_at <= statement_timestamp()
      ORDER BY next_attempt_at LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_deliveries d
    SET attempts = d.attempts + 1,
        next_attempt_at = clock_timestamp() + make_interval(secs => ${LEASE_MS / 1_000}::float8)
    FROM due JOIN outbound_events e ON e.id = due.event_id
    WHERE d.event_id = due.event_id AND d.endpoint = ${endpoint}
    RETURNING e.id, d.attempts, e.type, e.data, e.occurred_at,
              extract(epoch FROM clock_timestamp() - e.occurred_at)::float8 * 1000 AS age_ms`;
  return rows.map((row) => ({
    eventId: row.id,
    endpoint,
    attempt: row.attempts,
    type: row.type,
    data: row.data,
    occurredAt: row.occurred_at,
    ageMs: row.age_ms,
  }));
}

/** No delivery of an event becomes pending again, and none is added later, so that what waits for nobody now never will. */
async function forget(tx: Transaction, olderThanMs: number, limit: number): Promise<number> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT e.id FROM outbound_events e
    WHERE e.occurred_at < clock_timestamp() - make_interval(secs => ${olderThanMs / 1_000}::float8)
      AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.event_id = e.id AND d.state = 'pending')
    ORDER BY e.occurred_at, e.id LIMIT ${limit}
    FOR UPDATE SKIP LOCKED`;
  const ids = rows.map(({ id }) => id);
  await tx.webhookDelivery.deleteMany({ where: { eventId: { in: ids } } });
  await tx.outboundEvent.deleteMany({ where: { id: { in: ids } } });
  return ids.length;
}

/** Also when it was given up meanwhile: the receiver has it. */
async function recordDelivered(tx: Transaction, { eventId, endpoint }: DueDelivery): Promise<void> {
  await tx.$executeRaw`
    UPDATE webhook_deliveries SET state = 'delivered', delivered_at = clock_timestamp(), last_error = NULL
    WHERE event_id = ${eventId}::uuid AND endpoint = ${endpoint} AND state <> 'delivered'`;
}

async function recordFailed(
  tx: Transaction,
  { eventId, endpoint, attempt, type }: DueDelivery,
  error: string,
): Promise<void> {
  const failed = await tx.$executeRaw`
    UPDATE webhook_deliveries SET state = 'failed', last_error = ${error}
    WHERE event_id = ${eventId}::uuid AND endpoint = ${endpoint} AND state = 'pending' AND attempts = ${attempt}`;
  if (failed === 0) return;
  await appendInTransaction(tx, [
    {
      key: `webhook_failed/${eventId}/${endpoint}`,
      eventType: 'webhook_failed',
      actor: 'webhooks',
      subjectType: 'webhook',
      subjectId: endpoint,
      details: { event_id: eventId, type, attempts: attempt, error },
    },
  ]);
}
