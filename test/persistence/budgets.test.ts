import { randomUUID } from 'node:crypto';
import type { NamedBudget } from '../../src/ports/budgets';
import { BudgetWorld, DAILY, NOON } from './budget-world';

let world: BudgetWorld;
beforeAll(async () => void (world = await BudgetWorld.start()));
afterAll(() => world.stop());
beforeEach(() => world.clear());

describe('a reset', () => {
  it('starts a period at its moment; open reservations stay with the one before; it is audited with its figures', async () => {
    const start = new Date('2026-12-01T12:00:00.000Z');
    world.now = start;
    const { reserve, settle, reset, status } = world.books();
    await reserve([world.call('a', 600), world.call('b', 400)]);
    await settle('a', 500);
    const { before, after } = await reset();
    expect(before).toMatchObject({ settledMicroUsd: 500, reservedMicroUsd: 400 });
    expect(before.warnedAt).not.toBeNull();
    expect(after).toMatchObject({
      periodStart: start,
      settledMicroUsd: 0,
      reservedMicroUsd: 0,
      warnedAt: null,
    });
    expect(after.periodEnd).toEqual(new Date('2026-12-02T00:00:00.000Z'));
    await settle('b', 400);
    expect(await reserve([world.call('c', 1_000)])).toEqual([true]);
    expect(await status('global')).toMatchObject({ settledMicroUsd: 0, reservedMicroUsd: 1_000 });
    const event = await world.prisma.auditLog.findUnique({
      where: { key: `budget_reset/global/${start.toISOString()}` },
    });
    expect(event).toMatchObject({
      ...{ actor: 'ana', subjectType: 'budget', subjectId: 'global' },
      details: {
        ...{ reason: 'approved', period: 'daily', limit_usd: 0.001, overrun: false },
        ...{ settled_usd: 0.000_5, reserved_usd: 0.000_4 },
        ...{ period_start: '2026-12-01T00:00:00.000Z', new_period_start: start.toISOString() },
      },
    });
    // The calendar goes on as ever.
    world.now = new Date('2026-12-02T07:00:00.000Z');
    expect(await status('global')).toMatchObject({ periodStart: new Date('2026-12-02T00:00:00.000Z') });
  });

  it('makes a new period each time, also within a millisecond and before anything was reserved', async () => {
    const { reset } = world.books();
    const starts = [];
    for (let n = 0; n < 3; n += 1) starts.push((await reset()).after.periodStart.getTime());
    expect(starts).toEqual([NOON.getTime(), NOON.getTime() + 1, NOON.getTime() + 2]);
    const together = await Promise.all(Array.from({ length: 8 }, () => reset()));
    expect(new Set(together.map(({ after }) => after.periodStart.getTime())).size).toBe(8);
  });

  it.each(['unlimited', 'session'] as const)('ends a period that is %s', async (period) => {
    const { reserve, reset, status } = world.books({ global: { ...DAILY, period } });
    await reserve([world.call('a', 1_000)]);
    expect(await reserve([world.call('b', 1)])).toEqual([false]);
    world.now = new Date(world.now.getTime() + 5);
    await reset();
    expect(await reserve([world.call('c', 1_000)])).toEqual([true]);
    expect(await status('global')).toMatchObject({
      periodStart: world.now,
      periodEnd: null,
      reservedMicroUsd: 1_000,
    });
  });

  it('loses and doubles nothing of what is reserved and settled meanwhile', async () => {
    const { reserve, settle, reset } = world.books();
    const names = Array.from({ length: 60 }, (_, n) => `${n}`);
    const work = names.map(async (name) => {
      const [admitted] = await reserve([world.call(name, 10)]);
      if (admitted === true) await settle(name, 10);
      return admitted === true;
    });
    const resets = Array.from({ length: 5 }, async () => void (await reset()));
    const admitted = (await Promise.all(work)).filter(Boolean).length;
    await Promise.all(resets);
    expect(admitted).toBe(60);
    const periods = await world.prisma.budgetPeriod.findMany();
    expect(periods.reduce((sum, { settledMicroUsd }) => sum + Number(settledMicroUsd), 0)).toBe(600);
    expect(periods.every(({ reservedMicroUsd }) => reservedMicroUsd === 0n)).toBe(true);
  });
});

describe('what is shown', () => {
  it('is what was settled in the period, by what it was spent on', async () => {
    const { ledger, reserve, settle, budgets, status } = world.books();
    await reserve([world.call('old', 1)]);
    await settle('old', 1);
    await world.books().reset();
    await reserve([world.call('a', 300), world.call('lost', 50), world.call('open', 20)]);
    await settle('a', 200);
    await ledger.settle([{ key: world.keyOf('lost'), outcome: 'unknown' }]);
    const ask = {
      operation: `llm/${world.run}/design/0/0`,
      source: 'researcher',
      model: 'claude',
      amountMicroUsd: 100,
    };
    await ledger.reserve({ cycleId: null, scopes: [], entries: [ask] });
    await ledger.settle([{ key: `${ask.operation}#1`, outcome: 'settled', amountMicroUsd: 90 }]);
    const { periodStart } = await status('global');
    expect(await budgets.spendingIn({ scope: 'global', periodStart })).toEqual({
      byModel: { m: 0.000_25, claude: 0.000_09 },
      bySource: { target: 0.000_25, researcher: 0.000_09 },
      byOperation: { run: 0.000_25, design: 0.000_09 },
      byCycle: {},
      unknownUsd: 0.000_05,
    });
    expect(await budgets.spendingIn({ scope: 'nothing', periodStart: NOON })).toEqual({
      ...{ byModel: {}, bySource: {}, byOperation: {}, byCycle: {}, unknownUsd: 0 },
    });
  });

  it('are the configured budgets, those of running cycles and those their calls count against', async () => {
    const id = randomUUID();
    const ended = randomUUID();
    for (const [cycle, state] of [
      [id, 'running'],
      [ended, 'completed'],
    ] as const) {
      const cycleRow = { target: 'demo', request: {}, requestHash: '0', requestedBy: 't', startMode: 'lab' };
      const researcher = { researcher: 'offline', researcherVersion: '1' };
      const endedAt = state === 'running' ? null : NOON;
      await world.prisma.researchCycle.create({
        data: { id: cycle, workflowId: cycle, state, endedAt, ...cycleRow, ...researcher },
      });
    }
    const { ledger, budgets } = world.books({ global: DAILY, targets: { shop: DAILY } });
    const scopes = (cycle: string): NamedBudget[] =>
      [`cycle:${cycle}`, `experiment:${cycle}`].map((scope) => ({
        ...{ scope, limitMicroUsd: 500, period: 'unlimited', hardLimit: true },
      }));
    for (const cycle of [id, ended]) {
      await ledger.reserve({ cycleId: cycle, scopes: scopes(cycle), entries: [world.call(cycle, 10)] });
    }
    const shown = await budgets.inForce();
    expect(shown.map(({ scope, reservedMicroUsd }) => [scope, reservedMicroUsd])).toEqual([
      ['global', 20],
      ['target:shop', 0],
      [`cycle:${id}`, 10],
      [`experiment:${id}`, 10],
    ]);
    await ledger.settle([{ key: world.keyOf(id), outcome: 'released' }]);
    expect((await budgets.inForce()).map(({ scope }) => scope)).toEqual([
      'global',
      'target:shop',
      `cycle:${id}`,
    ]);
  });
});
