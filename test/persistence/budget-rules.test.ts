import type { Budget } from '../../src/domain/budget';
import { BudgetWorld, DAILY, NOON } from './budget-world';

let world: BudgetWorld;
beforeAll(async () => void (world = await BudgetWorld.start()));
afterAll(() => world.stop());
beforeEach(() => world.clear());

describe('the budget of a target', () => {
  it('counts what calls that target, in its own period, beside the global one', async () => {
    const hourly: Budget = { ...DAILY, limitMicroUsd: 100, period: 'hourly' };
    const { ledger, reserve, status } = world.books({ global: DAILY, targets: { shop: hourly } });
    expect(await reserve([world.call('a', 80), world.call('b', 30)])).toEqual([true, false]);
    const other = await ledger.reserve({
      cycleId: null,
      target: 'demo',
      scopes: [],
      entries: [world.call('c', 200)],
    });
    expect(other).toMatchObject([{ admitted: true }]);
    expect(await status('target:shop')).toMatchObject({
      periodStart: NOON,
      periodEnd: new Date('2026-11-23T13:00:00.000Z'),
      reservedMicroUsd: 80,
    });
    expect(await status('global')).toMatchObject({ reservedMicroUsd: 280 });
    world.now = new Date('2026-11-23T13:00:00.000Z');
    expect(await reserve([world.call('d', 90)])).toEqual([true]);
  });
});

describe('a warning', () => {
  it('comes once a period, when what is settled and reserved reaches the threshold', async () => {
    const { reserve, settle } = world.books();
    await reserve([world.call('a', 700)]);
    expect(await world.audited('budget_warning')).toEqual([]);
    await Promise.all(Array.from({ length: 10 }, (_, n) => reserve([world.call(`b${n}`, 20)])));
    await settle('a', 700);
    await reserve([world.call('c', 10)]);
    const [budget] = await world.prisma.budget.findMany();
    expect(await world.audited('budget_warning')).toMatchObject([
      {
        key: `budget_warning/${budget?.id}/2026-11-23T00:00:00.000Z`,
        actor: 'ledger',
        subjectType: 'budget',
        subjectId: 'global',
        details: {
          ...{ scope: 'global', period: 'daily', period_start: '2026-11-23T00:00:00.000Z' },
          ...{ limit_usd: 0.001, warn_threshold: 0.8, settled_usd: 0, reserved_usd: 0.0008 },
        },
      },
    ]);
    world.now = new Date('2026-11-24T00:00:00.000Z');
    await reserve([world.call('d', 900)]);
    expect(await world.audited('budget_warning')).toHaveLength(2);
  });

  it('comes for cycles with the threshold of the whole, for steps never, and when a lowered limit is passed', async () => {
    const cycle = { scope: `cycle:${world.run}`, limitMicroUsd: 100, warnThreshold: 'global' as const };
    const step = { scope: `experiment:${world.run}`, limitMicroUsd: 100 };
    await world.books().reserve([world.call('a', 90)], [cycle, step]);
    expect(await world.audited('budget_warning')).toMatchObject([{ subjectId: `cycle:${world.run}` }]);
    const lower = world.books({ global: { ...DAILY, limitMicroUsd: 100 } });
    expect(await lower.reserve([world.call('b', 50)])).toEqual([false]);
    expect(await world.audited('budget_warning')).toMatchObject([{}, { subjectId: 'global' }]);
  });

  it('comes from an overrun as well, and from nobody without a threshold', async () => {
    const { warnThreshold: _, ...silent } = DAILY;
    await world.books({ global: silent }).reserve([world.call('a', 1_000)]);
    expect(await world.audited('budget_warning')).toEqual([]);
    const { reserve, settle, reset } = world.books();
    await reset();
    await reserve([world.call('b', 10)]);
    await settle('b', 850);
    expect(await world.audited('budget_warning')).toMatchObject([{ details: { settled_usd: 0.000_85 } }]);
  });
});

describe('an overrun', () => {
  it('is audited and blocks every scope of the entry over periods, until each is reset', async () => {
    const rules = { global: DAILY, targets: { shop: DAILY } };
    const { reserve, settle, reset, status } = world.books(rules);
    await reserve([world.call('a', 10)]);
    await settle('a', 25);
    expect(await world.audited('budget_overrun')).toMatchObject([
      {
        key: `budget_overrun/${world.keyOf('a')}`,
        subjectType: 'cost_entry',
        subjectId: world.keyOf('a'),
        details: {
          ...{ scopes: ['global', 'target:shop'], source: 'target', model: 'm' },
          ...{ reserved_usd: 0.000_01, billed_usd: 0.000_025 },
        },
      },
    ]);
    world.now = new Date('2026-11-25T12:00:00.000Z');
    expect(await reserve([world.call('b', 1)])).toEqual([false]);
    expect(await status('global')).toMatchObject({ settledMicroUsd: 0, overrun: true });
    await reset();
    expect(await reserve([world.call('c', 1)])).toEqual([false]);
    await reset('target:shop');
    expect(await reserve([world.call('d', 1)])).toEqual([true]);
    expect(await status('global')).toMatchObject({ reservedMicroUsd: 1, overrun: false });
  });

  it('of a period before the reset does not block the one after it', async () => {
    const { reserve, settle, reset, status } = world.books();
    await reserve([world.call('a', 10)]);
    await reset();
    await settle('a', 25);
    expect(await world.audited('budget_overrun')).toHaveLength(1);
    expect(await status('global')).toMatchObject({ settledMicroUsd: 0, overrun: false });
    expect(await reserve([world.call('b', 1_000)])).toEqual([true]);
  });

  it('blocks nothing under a soft limit, and is recorded all the same', async () => {
    const { reserve, settle } = world.books({ global: { ...DAILY, hardLimit: false } });
    await reserve([world.call('a', 10)]);
    await settle('a', 2_000);
    expect(await reserve([world.call('b', 10)])).toEqual([true]);
    expect(await world.audited('budget_overrun')).toHaveLength(1);
  });
});
