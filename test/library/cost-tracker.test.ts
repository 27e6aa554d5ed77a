import { BudgetExceededError, DomainError } from '../../src';
import type { BudgetConfig, CostReservation } from '../../src';
import type { Budget } from '../../src/domain/budget';
import { CostTracker } from '../../src/library/cost-tracker';
import { createBudgets } from '../../src/persistence/budgets';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createLedger } from '../../src/persistence/ledger';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

const CONFIG: Budget = { limitMicroUsd: 100_000_000, period: 'daily', hardLimit: true, warnThreshold: 0.8 };
const SPENT = { source: 'llm_call', model: 'claude-3-opus', operation: 'research' } as const;

describe('CostTracker', () => {
  let database: TestDatabase;
  let prisma: PrismaClient;
  let tracker: CostTracker;
  beforeAll(async () => {
    database = await createTestDatabase();
    prisma = createPrisma(database.url, { poolSize: 20 });
  });
  afterAll(async () => {
    await closePrisma(prisma);
    await database.drop();
  });
  beforeEach(async () => {
    await prisma.$executeRaw`TRUNCATE cost_ledger, cost_ledger_charges, budget_periods, budgets CASCADE`;
    tracker = trackerOf();
  });

  function trackerOf(): CostTracker {
    const rules = { global: CONFIG };
    const books = { ledger: createLedger(prisma, rules), budgets: createBudgets(prisma, rules) };
    return new CostTracker(books, { ...CONFIG, scope: 'global' });
  }

  const refusalOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('does what the guide shows: enforce, record, summary, reset', async () => {
    await tracker.enforceBudget(5);
    expect(await tracker.getSummary()).toMatchObject({ current_period_cost_usd: 0, reserved_usd: 5 });
    await tracker.recordCost({ amountUsd: 4.5, ...SPENT });
    expect(await tracker.getSummary()).toMatchObject({
      ...{ current_period_cost_usd: 4.5, reserved_usd: 0, budget_limit_usd: 100, remaining_budget_usd: 95.5 },
      ...{ fraction_used: 0.045, period: 'daily', overrun: false, unknown_usd: 0 },
      by_model: { 'claude-3-opus': 4.5 },
      by_source: { llm_call: 4.5 },
      by_operation: { research: 4.5 },
    });
    const refused = await refusalOf(tracker.enforceBudget(96));
    expect(refused).toBeInstanceOf(BudgetExceededError);
    expect(refused).toBeInstanceOf(DomainError);
    expect(refused).toMatchObject({ code: 'budget_exceeded', scope: 'global', current: 4.5, limit: 100 });
    expect(String(refused)).toContain('$4.50 / $100.00');
    await tracker.resetPeriod('approved');
    expect(await tracker.getSummary()).toMatchObject({
      ...{ current_period_cost_usd: 0, remaining_budget_usd: 100, by_model: {} },
    });
    const event = await prisma.auditLog.findFirst({ where: { eventType: 'budget_reset' } });
    expect(event).toMatchObject({ actor: 'library', details: { reason: 'approved', settled_usd: 4.5 } });
  });

  it('lets pass only those for whom there is room, however many ask at once', async () => {
    const other = trackerOf();
    const asked = await Promise.allSettled(
      Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? tracker : other).enforceBudget(10)),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await tracker.getSummary()).toMatchObject({ reserved_usd: 100, remaining_budget_usd: 0 });
  }, 30_000);

  it('settles the reservation it is given, once', async () => {
    const [small, large] = await Promise.all([tracker.enforceBudget(1), tracker.enforceBudget(5)]);
    await tracker.recordCost({ amountUsd: 0.5, ...SPENT, reservation: large });
    expect(await tracker.getSummary()).toMatchObject({ current_period_cost_usd: 0.5, reserved_usd: 1 });
    await expect(tracker.recordCost({ amountUsd: 0.5, ...SPENT, reservation: large })).rejects.toThrow(
      RangeError,
    );
    await expect(trackerOf().recordCost({ amountUsd: 1, ...SPENT, reservation: small })).rejects.toThrow(
      RangeError,
    );
    await small.release();
    await small.release();
    expect(await tracker.getSummary()).toMatchObject({ current_period_cost_usd: 0.5, reserved_usd: 0 });
  });

  it('never mixes up costs that come in another order into an overrun', async () => {
    const estimates = [1, 5, 3, 2, 4];
    await Promise.all(estimates.map((estimate) => tracker.enforceBudget(estimate)));
    await Promise.all(
      estimates.toReversed().map((estimate) => tracker.recordCost({ amountUsd: estimate * 0.9, ...SPENT })),
    );
    const summary = await tracker.getSummary();
    expect(summary).toMatchObject({ reserved_usd: 0, overrun: false });
    expect(summary.current_period_cost_usd).toBeCloseTo(13.5, 6);
  });

  it('books what was paid without having asked, also where there was no room: that is an overrun', async () => {
    await tracker.recordCost({ amountUsd: 90, ...SPENT });
    expect(await tracker.getSummary()).toMatchObject({ current_period_cost_usd: 90, overrun: false });
    await tracker.recordCost({ amountUsd: 20, ...SPENT });
    expect(await tracker.getSummary()).toMatchObject({
      ...{ current_period_cost_usd: 110, remaining_budget_usd: 0, overrun: true },
    });
    await expect(tracker.enforceBudget(0)).rejects.toThrow(BudgetExceededError);
    await tracker.resetPeriod();
    await tracker.enforceBudget(100);
  });

  it('counts against a budget of its own as well as the global one', async () => {
    const config: BudgetConfig = { limitUsd: 10, period: 'monthly' };
    const own = tracker.withBudget('nightly', config);
    await own.enforceBudget(6);
    expect(await refusalOf(own.enforceBudget(6))).toMatchObject({
      scope: 'library:nightly',
      current: 6,
      limit: 10,
    });
    await tracker.enforceBudget(94);
    expect(await refusalOf(own.enforceBudget(1))).toMatchObject({
      scope: 'global',
      current: 100,
      limit: 100,
    });
    await own.recordCost({ amountUsd: 5, ...SPENT });
    expect(await own.getSummary()).toMatchObject({
      ...{ current_period_cost_usd: 5, period: 'monthly', remaining_budget_usd: 5 },
    });
    await own.resetPeriod();
    expect(await own.getSummary()).toMatchObject({ current_period_cost_usd: 0 });
    expect(await tracker.getSummary()).toMatchObject({ current_period_cost_usd: 5, reserved_usd: 94 });
  });

  it('leaves nothing open at its end: what nobody recorded may have been paid for', async () => {
    await tracker.enforceBudget(3);
    await tracker.withBudget('nightly', { limitUsd: 10, period: 'daily' }).enforceBudget(4);
    await tracker.settleOpen();
    expect(await tracker.getSummary()).toMatchObject({
      ...{ current_period_cost_usd: 7, reserved_usd: 0, unknown_usd: 7, by_model: { unrecorded: 7 } },
    });
  });

  it('keeps a reservation that could not be settled', async () => {
    const rules = { global: CONFIG };
    const ledger = createLedger(prisma, rules);
    let isDown = true;
    const flaky = {
      ...ledger,
      settle: (...given: Parameters<typeof ledger.settle>) =>
        isDown ? Promise.reject(new Error('connection refused')) : ledger.settle(...given),
    };
    const books = { ledger: flaky, budgets: createBudgets(prisma, rules) };
    const unlucky = new CostTracker(books, { ...CONFIG, scope: 'global' });
    const reservation: CostReservation = await unlucky.enforceBudget(2);
    await expect(unlucky.recordCost({ amountUsd: 1, ...SPENT })).rejects.toThrow('connection refused');
    isDown = false;
    await unlucky.recordCost({ amountUsd: 1, ...SPENT, reservation });
    expect(await unlucky.getSummary()).toMatchObject({ current_period_cost_usd: 1, reserved_usd: 0 });
  });

  it.each([
    [() => tracker.enforceBudget(-1)],
    [() => tracker.enforceBudget(Number.NaN)],
    [() => tracker.recordCost({ amountUsd: Infinity, ...SPENT })],
    [() => tracker.recordCost({ amountUsd: 1, ...SPENT, model: '' })],
    [() => tracker.recordCost({ amountUsd: 1, ...SPENT, operation: 'a/b' })],
    [async () => tracker.withBudget('', { limitUsd: 1, period: 'daily' }).enforceBudget(0)],
    [async () => tracker.withBudget('n', { limitUsd: -1, period: 'daily' }).enforceBudget(0)],
  ])('refuses what is no cost: %s', async (wrong) => {
    await expect(wrong()).rejects.toThrow(RangeError);
    expect(await prisma.costEntry.count()).toBe(0);
  });
});
