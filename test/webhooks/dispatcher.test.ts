import { randomUUID } from 'node:crypto';
import { OUTBOUND_EVENT_TYPES } from '../../src/domain/outbound-events';
import { appendInTransaction } from '../../src/persistence/audit-trail';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createOutbox } from '../../src/persistence/outbox';
import type { Outbox } from '../../src/ports/outbox';
import { deliverDue } from '../../src/webhooks/dispatcher';
import { secretBytes } from '../../src/webhooks/signature';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { SECRET, startReceiver, type WebhookReceiver } from '../support/webhook-receiver';

const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let database: TestDatabase;
let prisma: PrismaClient;
let outbox: Outbox;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.serviceUrl, { poolSize: 10 });
  outbox = createOutbox(prisma);
}, 60_000);
afterAll(async () => {
  await closePrisma(prisma);
  await database.drop();
});

const receivers: WebhookReceiver[] = [];
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});

/** An endpoint of its own with its receiver. */
async function subscribed(...answer: Parameters<typeof startReceiver>) {
  const receiver = await startReceiver(...answer);
  receivers.push(receiver);
  const name = `e-${randomUUID()}`;
  await outbox.register([{ name, events: OUTBOUND_EVENT_TYPES }]);
  const endpoint = { name, url: receiver.url, secret: secretBytes(SECRET)! };
  const where = { endpoint: name };
  return {
    name,
    endpoint,
    receiver,
    deliver: (deps: Partial<Parameters<typeof deliverDue>[1]> = {}) =>
      deliverDue(endpoint, { outbox, log: LOG, ...deps }),
    rows: () => prisma.webhookDelivery.findMany({ where }),
    /** As if the time until the next attempt had passed. */
    wait: () => prisma.webhookDelivery.updateMany({ where, data: { nextAttemptAt: new Date(0) } }),
    failures: () => prisma.auditLog.findMany({ where: { eventType: 'webhook_failed', subjectId: name } }),
  };
}

/** So many changes of mode, as their writer tells of them. */
async function happen(count = 1): Promise<void> {
  const events = Array.from({ length: count }, () => ({
    key: `mode_transition/${randomUUID()}`,
    eventType: 'mode_transition' as const,
    actor: 'ana',
    subjectType: 'mode',
    subjectId: 'shadow',
    details: { from_mode: 'lab', to_mode: 'shadow', version: 2, reason: null, emergency: false },
  }));
  await prisma.$transaction((tx) => appendInTransaction(tx, events));
}

const idsOf = ({ received }: WebhookReceiver) => received.map(({ id }) => id);

describe('a delivery', () => {
  it('arrives signed, with what happened and where to look', async () => {
    const { receiver, deliver, rows } = await subscribed();
    await happen();
    expect(await deliver()).toBe(1);
    const [row] = await rows();
    expect(receiver.received).toMatchObject([
      {
        id: row?.eventId,
        type: 'mode.changed',
        data: { from_mode: 'lab', to_mode: 'shadow', requested_by: 'ana', links: { mode: '/mode' } },
        headers: { 'content-type': 'application/json' },
      },
    ]);
    expect(row).toMatchObject({ state: 'delivered', attempts: 1, lastError: null });
    expect(row?.deliveredAt).toBeInstanceOf(Date);
    expect([receiver.forged, await deliver()]).toEqual([0, 0]);
  });

  it.each([
    ['an error', { status: 500 }, 'it answered 500', 1_000],
    [
      'a redirect, which is not followed',
      { status: 307, headers: { location: '/elsewhere' } },
      'it answered 307',
      1_000,
    ],
    ['a refusal', { status: 404 }, 'it answered 404', 1_000],
    ['too much', { status: 429, headers: { 'retry-after': '120' } }, 'it answered 429', 119_000],
  ])('is tried again after %s, with the same id and text', async (_, reply, lastError, atLeastMs) => {
    const { receiver, deliver, rows, wait } = await subscribed((_event, before) =>
      before === 0 ? reply : { status: 200 },
    );
    await happen();
    await deliver();
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'pending', attempts: 1, lastError });
    expect(row!.nextAttemptAt.getTime() - Date.now()).toBeGreaterThan(atLeastMs - 900);
    expect(await deliver()).toBe(0);
    await wait();
    await deliver();
    expect(await rows()).toMatchObject([{ state: 'delivered', attempts: 2, lastError: null }]);
    expect(idsOf(receiver)).toEqual([row?.eventId, row?.eventId]);
    expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1);
  });

  it('is tried again after silence, and after nobody was there', async () => {
    const { receiver, endpoint, deliver, rows, wait } = await subscribed(() => new Promise(() => undefined));
    await happen();
    await deliver({ timeoutMs: 200 });
    expect(await rows()).toMatchObject([{ state: 'pending', lastError: 'it did not answer within 200 ms' }]);
    await receiver.close();
    await wait();
    await deliverDue(endpoint, { outbox, log: LOG });
    expect(await rows()).toMatchObject([
      { state: 'pending', attempts: 2, lastError: 'it could not be reached: ECONNREFUSED' },
    ]);
  });

  it('does not read what comes after the head of an answer', async () => {
    const { deliver, rows } = await subscribed(() => ({ status: 200, body: 'x'.repeat(50_000_000) }));
    await happen();
    await deliver();
    expect(await rows()).toMatchObject([{ state: 'delivered' }]);
  });

  it('is given up at once when the endpoint is gone, and after three days', async () => {
    const gone = await subscribed(() => ({ status: 410 }));
    const broken = await subscribed(() => ({ status: 503 }));
    await happen();
    await gone.deliver();
    expect(await gone.rows()).toMatchObject([{ state: 'failed', attempts: 1, lastError: 'it answered 410' }]);
    expect(await gone.failures()).toMatchObject([{ details: { type: 'mode.changed', attempts: 1 } }]);

    await broken.deliver();
    expect(await broken.rows()).toMatchObject([{ state: 'pending' }]);
    const [row] = await broken.rows();
    await prisma.$executeRaw`
      UPDATE outbound_events SET occurred_at = now() - interval '3 days' WHERE id = ${row?.eventId}::uuid`;
    await broken.wait();
    await broken.deliver();
    expect(await broken.rows()).toMatchObject([
      { state: 'failed', attempts: 2, lastError: 'it answered 503' },
    ]);
    expect(await broken.failures()).toMatchObject([
      {
        key: `webhook_failed/${row?.eventId}/${broken.name}`,
        details: { event_id: row?.eventId, attempts: 2 },
      },
    ]);
  });
});

describe('delivery at least once', () => {
  it('sends again, with the same id, what was sent and not recorded', async () => {
    const { receiver, deliver, rows, wait } = await subscribed();
    await happen();
    const dying: Outbox = { ...outbox, record: () => Promise.reject(new Error('killed')) };
    await expect(deliver({ outbox: dying })).rejects.toThrow('killed');
    expect(receiver.received).toHaveLength(1);
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'pending', attempts: 1 });
    expect(row!.nextAttemptAt.getTime() - Date.now()).toBeGreaterThan(25_000);
    expect(await deliver()).toBe(0);
    await wait();
    await deliver();
    expect(idsOf(receiver)).toEqual([row?.eventId, row?.eventId]);
    expect(await rows()).toMatchObject([{ state: 'delivered', attempts: 2 }]);
  });

  it('sends each once while many dispatchers run', async () => {
    const { receiver, deliver, rows } = await subscribed();
    await happen(150);
    const others = Array.from({ length: 4 }, async () => {
      while ((await deliver()) > 0);
    });
    await Promise.all(others);
    expect(receiver.received).toHaveLength(150);
    expect(new Set(idsOf(receiver)).size).toBe(150);
    expect(new Set((await rows()).map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(
      new Set(['delivered 1']),
    );
  });

  it('keeps what was delivered after another process had taken it over, and not what failed', async () => {
    const { name, rows, wait } = await subscribed();
    await happen();
    const [slow] = await outbox.claim(name, 1);
    await wait();
    const [fast] = await outbox.claim(name, 1);
    await outbox.record(slow!, { state: 'failed', error: 'late' });
    await outbox.record(slow!, { state: 'pending', error: 'late', retryInMs: 0 });
    expect(await rows()).toMatchObject([{ state: 'pending', attempts: 2, lastError: null }]);
    await outbox.record(slow!, { state: 'delivered' });
    await outbox.record(fast!, { state: 'failed', error: 'it answered 410' });
    expect(await rows()).toMatchObject([{ state: 'delivered', lastError: null }]);
  });

  it('does not let a slow endpoint hold up another', async () => {
    let release = () => {};
    const held = new Promise<{ status: number }>((resolve) => (release = () => resolve({ status: 200 })));
    const slow = await subscribed(() => held);
    const quick = await subscribed();
    await happen();
    const waiting = slow.deliver();
    await quick.deliver();
    expect(await quick.rows()).toMatchObject([{ state: 'delivered' }]);
    expect(await slow.rows()).toMatchObject([{ state: 'pending' }]);
    release();
    await waiting;
    expect(await slow.rows()).toMatchObject([{ state: 'delivered' }]);
  });
});
