import { randomUUID } from 'node:crypto';
import { OUTBOUND_EVENT_TYPES } from '../../src/domain/outbound-events';
import { appendInTransaction } from '../../src/persistence/audit-trail';
import { createRecords } from '../../src/persistence/records';
import { forgetTold } from '../../src/webhooks/dispatcher';
import { modeTransition, startOutbox, type OutboxWorld } from '../support/outbox-world';

let world: OutboxWorld;
beforeEach(async () => void (world = await startOutbox()), 60_000);
afterEach(() => world.stop());

describe('an endpoint', () => {
  const deliveries = (endpoint: string) => world.prisma.webhookDelivery.findMany({ where: { endpoint } });
  const happen = () => appendInTransaction(world.prisma, [modeTransition(randomUUID())]);
  const unseen = (name: string) =>
    world.prisma.$executeRaw`
      UPDATE webhook_endpoints SET last_seen_at = now() - interval '11 minutes' WHERE name = ${name}`;

  it('is told what happens from when it was first seen on, of the types that it asks for', async () => {
    await happen();
    const others = OUTBOUND_EVENT_TYPES.filter((type) => type !== 'mode.changed');
    await world.outbox.register([
      { name: 'new', events: ['mode.changed'] },
      { name: 'other', events: others },
    ]);
    await happen();
    expect(await deliveries('all')).toHaveLength(2);
    expect(await deliveries('new')).toHaveLength(1);
    expect(await deliveries('other')).toHaveLength(0);
    await world.outbox.register([{ name: 'new', events: ['budget.warning'] }]);
    await happen();
    expect(await deliveries('new')).toHaveLength(1);
  });

  it('is dropped once no process has it in its configuration any more', async () => {
    await world.outbox.register([{ name: 'left', events: OUTBOUND_EVENT_TYPES }]);
    await happen();
    expect(await world.outbox.register([])).toEqual([]);
    expect(await deliveries('left')).toMatchObject([{ state: 'pending' }]);
    await unseen('left');
    expect(await world.outbox.register([{ name: 'all', events: OUTBOUND_EVENT_TYPES }])).toEqual(['left']);
    await happen();
    expect(await deliveries('left')).toMatchObject([
      { state: 'dropped', lastError: 'the endpoint is not configured any more' },
    ]);
    expect((await deliveries('all')).map(({ state }) => state)).toEqual(['pending', 'pending']);

    await world.outbox.register([{ name: 'left', events: OUTBOUND_EVENT_TYPES }]);
    await happen();
    expect((await deliveries('left')).map(({ state }) => state).toSorted()).toEqual(['dropped', 'pending']);
  });

  it('stays when all processes were away, for the one that still has it', async () => {
    await happen();
    await unseen('all');
    const all = [{ name: 'all', events: OUTBOUND_EVENT_TYPES }];
    expect(await Promise.all([world.outbox.register(all), world.outbox.register(all)])).toEqual([[], []]);
    expect(await deliveries('all')).toMatchObject([{ state: 'pending' }]);
  });

  it('shows in the figures of the metrics', async () => {
    await happen();
    await happen();
    const [due] = await world.outbox.claim('all', 1);
    await world.outbox.record(due!, { state: 'delivered' });
    await world.prisma.$executeRaw`UPDATE outbound_events SET occurred_at = now() - interval '90 seconds'`;
    const effects = await createRecords(world.prisma).effects();
    expect(effects.webhookDeliveries).toEqual({ delivered: 1, pending: 1 });
    expect(Math.abs(effects.oldestPendingDeliverySeconds - 90)).toBeLessThan(10);
  });
});

describe('what was told', () => {
  const DAY_MS = 86_400_000;
  const aged = (key: string, days: number) =>
    world.prisma.$executeRaw`
      UPDATE outbound_events SET occurred_at = now() - make_interval(days => ${days}::int)
      WHERE key = ${`mode_transition/${key}`}`;
  const left = async () =>
    (await world.prisma.outboundEvent.findMany({ orderBy: { key: 'asc' } })).map(({ key }) =>
      key.replace('mode_transition/', ''),
    );

  it('is deleted after 30 days; what waits stays, however old, and is told yet', async () => {
    const { outbox, prisma } = world;
    const names = ['delivered', 'dropped', 'failed', 'fresh', 'waits', 'waits for one'];
    await outbox.register([{ name: 'second', events: OUTBOUND_EVENT_TYPES }]);
    await appendInTransaction(prisma, names.map(modeTransition));
    const end = async (key: string, state: string, endpoint = 'second') =>
      prisma.webhookDelivery.updateMany({
        where: { endpoint, event: { key: `mode_transition/${key}` } },
        data: { state, deliveredAt: state === 'delivered' ? new Date() : null },
      });
    for (const state of ['delivered', 'dropped', 'failed']) {
      await end(state, state, 'all');
      await end(state, state);
    }
    for (const endpoint of ['all', 'second']) await end('fresh', 'delivered', endpoint);
    await end('waits for one', 'delivered');
    await Promise.all(names.map((name) => aged(name, name === 'fresh' ? 29 : 31)));

    expect(await outbox.forget(32 * DAY_MS, 10)).toBe(0);
    expect(await outbox.forget(30 * DAY_MS, 2)).toBe(2);
    await Promise.all([forgetTold(outbox), forgetTold(outbox)]);
    expect(await left()).toEqual(['fresh', 'waits', 'waits for one']);
    expect((await outbox.claim('all', 10)).length).toBe(2);
    expect((await outbox.claim('second', 10)).length).toBe(1);
    expect(await prisma.webhookDelivery.count()).toBe(6);
    // The audit log has them all, and what it has told once it does not tell again.
    await appendInTransaction(prisma, names.map(modeTransition));
    expect(await left()).toEqual(['fresh', 'waits', 'waits for one']);
  });

  it('is no longer there for an answer that comes late', async () => {
    const { outbox, prisma } = world;
    await appendInTransaction(prisma, [modeTransition('late')]);
    const [delivery] = await outbox.claim('all', 1);
    if (delivery === undefined) throw new Error('nothing was due');
    await prisma.webhookDelivery.updateMany({ data: { state: 'failed' } });
    await aged('late', 31);
    await forgetTold(outbox);
    await expect(outbox.record(delivery, { state: 'delivered' })).resolves.toBeUndefined();
    expect(await left()).toEqual([]);
  });
});
