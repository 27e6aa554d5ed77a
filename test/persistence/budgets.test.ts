import { randomUUID } from 'node:crypto';
import type { Budget } from '../../src/domain/budget';
import { createBudgets } from '../../src/persistence/budgets';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createLedger, type BudgetRules } from '../../src/persistence/ledger';
import type { NamedBudget } from '../../src/ports/budgets';
import type { ReservationRequest, SpendingScope } from '../../src/ports/ledger';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

const NOON = new Date('2026-11-23T12:00:00.000Z');
const DAILY: Budget = { limitMicroUsd: 1_000, period: 'daily', hardLimit: true, warnThreshold: 0.8 };

let database: TestDatabase;
let prisma: PrismaClient;
/** Of a test; audit events stay, so that those of another are told apart by it. */
let run: string;
let now: Date;

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.url, { poolSize: 10 });
});
afterAll(async () => {
  await closePrisma(prisma);
  await database.drop();
});
beforeEach(async () => {
  await prisma.$executeRaw`TRUNCATE cost_ledger, cost_ledger_charges, budget_periods, budgets CASCADE`;
  run = randomUUID();
  now = NOON;
});

const call = (name: string, amountMicroUsd: number): ReservationRequest => ({
  operation: `run/${run}-${name}`,
  source: 'target',
  model: 'm',
  amountMicroUsd,
});
const keyOf = (name: string) => `run/${run}-${name}#1`;

function books(rules: BudgetRules = { global: DAILY }) {
  const ledger = createLedger(prisma, rules, () => now);
  const budgets = createBudgets(prisma, rules, () => now);
  return {
    ledger,
    budgets,
    reserve: async (entries: readonly ReservationRequest[], scopes: readonly SpendingScope[] = []) =>
      (await ledger.reserve({ cycleId: null, target: 'shop', scopes, entries })).map(
        ({ admitted }) => admitted,
      ),
    settle: (name: string, amountMicroUsd: number) =>
      ledger.settle([{ key: keyOf(name), outcome: 'settled', amountMicroUsd }]),
    status: async (scope: string) => {
      const [status] = await budgets.statusOf(budgets.configured.filter((each) => each.scope === scope));
      return status;
    },
    reset: (scope = 'global') => {
      const budget = budgets.configured.find((each) => each.scope === scope) ?? { ...DAILY, scope };
      return budgets.reset(budget, 'ana', 'approved');
    },
  };
}

async function audited(eventType: string) {
  const since = await prisma.budget.findMany({ select: { id: true } });
  const events = await prisma.auditLog.findMany({ where: { eventType }, orderBy: { createdAt: 'asc' } });
  return events.filter(
    ({ key }) => key.includes(run) || since.some(({ id }) => key.startsWith(`budget_warning/${id}/`)),
  );
}

describe('the budget of a target', () => {
  it('counts what calls that target, in its own period, beside the global one', async () => {
    const hourly: Budget = { ...DAILY, limitMicroUsd: 100, period: 'hourly' };
    const { ledger, reserve, status } = books({ global: DAILY, targets: { shop: hourly } });
    expect(await reserve([call('a', 80), call('b', 30)])).toEqual([true, false]);
    const other = await ledger.reserve({
      cycleId: null,
      target: 'demo',
      scopes: [],
      entries: [call('c', 200)],
    });
    expect(other).toMatchObject([{ admitted: true }]);
    expect(await status('target:shop')).toMatchObject({
      periodStart: NOON,
      periodEnd: new Date('2026-11-23T13:00:00.000Z'),
      reservedMicroUsd: 80,
    });
    expect(await status('global')).toMatchObject({ reservedMicroUsd: 280 });
    now = new Date('2026-11-23T13:00:00.000Z');
    expect(await reserve([call('d', 90)])).toEqual([true]);
  });
});

describe('a warning', () => {
  it('comes once a period, when what is settled and reserved reaches the threshold', async () => {
    const { reserve, settle } = books();
    await reserve([call('a', 700)]);
    expect(await audited('budget_warning')).toEqual([]);
    await Promise.all(Array.from({ length: 10 }, (_, n) => reserve([call(`b${n}`, 20)])));
    await settle('a', 700);
    await reserve([call('c', 10)]);
    const [budget] = await prisma.budget.findMany();
    expect(await audited('budget_warning')).toMatchObject([
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
    now = new Date('2026-11-24T00:00:00.000Z');
    await reserve([call('d', 900)]);
    expect(await audited('budget_warning')).toHaveLength(2);
  });

  it('comes for cycles with the threshold of the whole, for steps never, and when a lowered limit is passed', async () => {
    const cycle = { scope: `cycle:${run}`, limitMicroUsd: 100, warnThreshold: 'global' as const };
    const step = { scope: `experiment:${run}`, limitMicroUsd: 100 };
    await books().reserve([call('a', 90)], [cycle, step]);
    expect(await audited('budget_warning')).toMatchObject([{ subjectId: `cycle:${run}` }]);
    const lower = books({ global: { ...DAILY, limitMicroUsd: 100 } });
    expect(await lower.reserve([call('b', 50)])).toEqual([false]);
    expect(await audited('budget_warning')).toMatchObject([{}, { subjectId: 'global' }]);
  });

  it('comes from an overrun as well, and from nobody without a threshold', async () => {
    const { warnThreshold: _, ...silent } = DAILY;
    await books({ global: silent }).reserve([call('a', 1_000)]);
    expect(await audited('budget_warning')).toEqual([]);
    const { reserve, settle, reset } = books();
    await reset();
    await reserve([call('b', 10)]);
    await settle('b', 850);
    expect(await audited('budget_warning')).toMatchObject([{ details: { settled_usd: 0.000_85 } }]);
  });
});

describe('an overrun', () => {
  it('is audited and blocks every scope of the entry over periods, until each is reset', async () => {
    const rules = { global: DAILY, targets: { shop: DAILY } };
    const { reserve, settle, reset, status } = books(rules);
    await reserve([call('a', 10)]);
    await settle('a', 25);
    expect(await audited('budget_overrun')).toMatchObject([
      {
        key: `budget_overrun/${keyOf('a')}`,
        subjectType: 'cost_entry',
        subjectId: keyOf('a'),
        details: {
          ...{ scopes: ['global', 'target:shop'], source: 'target', model: 'm' },
          ...{ reserved_usd: 0.000_01, billed_usd: 0.000_025 },
        },
      },
    ]);
    now = new Date('2026-11-25T12:00:00.000Z');
    expect(await reserve([call('b', 1)])).toEqual([false]);
    expect(await status('global')).toMatchObject({ settledMicroUsd: 0, overrun: true });
    await reset();
    expect(await reserve([call('c', 1)])).toEqual([false]);
    await reset('target:shop');
    expect(await reserve([call('d', 1)])).toEqual([true]);
    expect(await status('global')).toMatchObject({ reservedMicroUsd: 1, overrun: false });
  });

  it('of a period before the reset does not block the one after it', async () => {
    const { reserve, settle, reset, status } = books();
    await reserve([call('a', 10)]);
    await reset();
    await settle('a', 25);
    expect(await audited('budget_overrun')).toHaveLength(1);
    expect(await status('global')).toMatchObject({ settledMicroUsd: 0, overrun: false });
    expect(await reserve([call('b', 1_000)])).toEqual([true]);
  });

  it('blocks nothing under a soft limit, and is recorded all the same', async () => {
    const { reserve, settle } = books({ global: { ...DAILY, hardLimit: false } });
    await reserve([call('a', 10)]);
    await settle('a', 2_000);
    expect(await reserve([call('b', 10)])).toEqual([true]);
    expect(await audited('budget_overrun')).toHaveLength(1);
  });
});

describe('a reset', () => {
  it('starts a period at its moment; open reservations stay with the one before; it is audited with its figures', async () => {
    const start = new Date('2026-12-01T12:00:00.000Z');
    now = start;
    const { reserve, settle, reset, status } = books();
    await reserve([call('a', 600), call('b', 400)]);
    await settle('a', 500);
    const { before, after } = await reset();
    expect(before).toMatchObject({ settledMicroUsd: 500, reservedMicroUsd: 400, warnedAt: expect.any(Date) });
    expect(after).toMatchObject({
      periodStart: start,
      settledMicroUsd: 0,
      reservedMicroUsd: 0,
      warnedAt: null,
    });
    expect(after.periodEnd).toEqual(new Date('2026-12-02T00:00:00.000Z'));
    await settle('b', 400);
    expect(await reserve([call('c', 1_000)])).toEqual([true]);
    expect(await status('global')).toMatchObject({ settledMicroUsd: 0, reservedMicroUsd: 1_000 });
    const event = await prisma.auditLog.findUnique({
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
    now = new Date('2026-12-02T07:00:00.000Z');
    expect(await status('global')).toMatchObject({ periodStart: new Date('2026-12-02T00:00:00.000Z') });
  });

  it('makes a new period each time, also within a millisecond and before anything was reserved', async () => {
    const { reset } = books();
    const starts = [];
    for (let n = 0; n < 3; n += 1) starts.push((await reset()).after.periodStart.getTime());
    expect(starts).toEqual([NOON.getTime(), NOON.getTime() + 1, NOON.getTime() + 2]);
    const together = await Promise.all(Array.from({ length: 8 }, () => reset()));
    expect(new Set(together.map(({ after }) => after.periodStart.getTime())).size).toBe(8);
  });

  it.each(['unlimited', 'session'] as const)('ends a period that is %s', async (period) => {
    const { reserve, reset, status } = books({ global: { ...DAILY, period } });
    await reserve([call('a', 1_000)]);
    expect(await reserve([call('b', 1)])).toEqual([false]);
    now = new Date(now.getTime() + 5);
    await reset();
    expect(await reserve([call('c', 1_000)])).toEqual([true]);
    expect(await status('global')).toMatchObject({
      periodStart: now,
      periodEnd: null,
      reservedMicroUsd: 1_000,
    });
  });

  it('loses and doubles nothing of what is reserved and settled meanwhile', async () => {
    const { reserve, settle, reset } = books();
    const names = Array.from({ length: 60 }, (_, n) => `${n}`);
    const work = names.map(async (name) => {
      const [admitted] = await reserve([call(name, 10)]);
      if (admitted === true) await settle(name, 10);
      return admitted === true;
    });
    const resets = Array.from({ length: 5 }, async () => void (await reset()));
    const admitted = (await Promise.all(work)).filter(Boolean).length;
    await Promise.all(resets);
    expect(admitted).toBe(60);
    const periods = await prisma.budgetPeriod.findMany();
    expect(periods.reduce((sum, { settledMicroUsd }) => sum + Number(settledMicroUsd), 0)).toBe(600);
    expect(periods.every(({ reservedMicroUsd }) => reservedMicroUsd === 0n)).toBe(true);
  });
});

describe('what is shown', () => {
  it('is what was settled in the period, by what it was spent on', async () => {
    const { ledger, reserve, settle, budgets, status } = books();
    await reserve([call('old', 1)]);
    await settle('old', 1);
    await books().reset();
    await reserve([call('a', 300), call('lost', 50), call('open', 20)]);
    await settle('a', 200);
    await ledger.settle([{ key: keyOf('lost'), outcome: 'unknown' }]);
    const ask = {
      operation: `llm/${run}/design/0/0`,
      source: 'researcher',
      model: 'claude',
      amountMicroUsd: 100,
    };
    await ledger.reserve({ cycleId: null, scopes: [], entries: [ask] });
    await ledger.settle([{ key: `${ask.operation}#1`, outcome: 'settled', amountMicroUsd: 90 }]);
    const now_ = await status('global');
    expect(await budgets.spendingIn(now_!)).toEqual({
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
      await prisma.researchCycle.create({
        data: { id: cycle, workflowId: cycle, state, endedAt, ...cycleRow, ...researcher },
      });
    }
    const { ledger, budgets } = books({ global: DAILY, targets: { shop: DAILY } });
    const scopes = (cycle: string): NamedBudget[] =>
      [`cycle:${cycle}`, `experiment:${cycle}`].map((scope) => ({
        ...{ scope, limitMicroUsd: 500, period: 'unlimited', hardLimit: true },
      }));
    for (const cycle of [id, ended]) {
      await ledger.reserve({ cycleId: cycle, scopes: scopes(cycle), entries: [call(cycle, 10)] });
    }
    const shown = await budgets.inForce();
    expect(shown.map(({ scope, reservedMicroUsd }) => [scope, reservedMicroUsd])).toEqual([
      ['global', 20],
      ['target:shop', 0],
      [`cycle:${id}`, 10],
      [`experiment:${id}`, 10],
    ]);
    await ledger.settle([{ key: keyOf(id), outcome: 'released' }]);
    expect((await budgets.inForce()).map(({ scope }) => scope)).toEqual([
      'global',
      'target:shop',
      `cycle:${id}`,
    ]);
  });
});
