import { randomUUID } from 'node:crypto';
import { OUTBOUND_EVENT_TYPES } from '../../src/domain/outbound-events';
import { appendInTransaction } from '../../src/persistence/audit-trail';
import { createRecords } from '../../src/persistence/records';
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
