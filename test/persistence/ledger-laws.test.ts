import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { createBudgets } from '../../src/persistence/budgets';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createLedger, type BudgetRules } from '../../src/persistence/ledger';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import type { Budgets } from '../../src/ports/budgets';
import type { Ledger } from '../../src/ports/ledger';
import { ModelLedger, type ModelBudget, type ModelCall } from './ledger-model';

const BUDGETS = {
  global: { limit: 100, period: 'daily' },
  'target:shop': { limit: 70, period: 'hourly' },
  'cycle:1': { limit: 60, period: 'unlimited' },
  'cycle:2': { limit: 60, period: 'unlimited' },
} as const satisfies Record<string, ModelBudget>;
const STARTED_AT = Date.UTC(2026, 10, 23, 22, 30);
/** The scopes that can be reset. */
const CONFIGURED = ['global', 'target:shop'] as const;

/** A process that dies leaves its reservations as they are: a crash is a reservation nobody settles, a retry another of the same call. */
type Step =
  | {
      readonly do: 'reserve';
      readonly cycle: 1 | 2;
      readonly target: boolean;
      readonly calls: readonly ModelCall[];
    }
  | { readonly do: 'settle'; readonly call: number; readonly number: number; readonly amount: number }
  | { readonly do: 'release' | 'unknown'; readonly call: number; readonly number: number }
  | { readonly do: 'wait'; readonly minutes: number }
  | { readonly do: 'reset'; readonly scope: (typeof CONFIGURED)[number] };

const call = fc.integer({ min: 0, max: 4 });
const number = fc.integer({ min: 1, max: 3 });
const amount = fc.integer({ min: 0, max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      cycle: fc.constantFrom(1 as const, 2 as const),
      target: fc.boolean(),
      calls: fc.uniqueArray(
        fc.record({
          operation: call.map(String),
          amount,
          spent: fc.integer({ min: 0, max: 6 }).map((one) => one === 0),
        }),
        { minLength: 1, maxLength: 4, selector: ({ operation }) => operation },
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), call, number, amount }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'unknown' as const), call, number }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 0, max: 100 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('reset' as const), scope: fc.constantFrom(...CONFIGURED) }),
  },
);

const budgetOf = (scope: keyof typeof BUDGETS) => ({
  limitMicroUsd: BUDGETS[scope].limit,
  period: BUDGETS[scope].period,
  hardLimit: true,
  warnThreshold: 0.8,
});
const RULES: BudgetRules = { global: budgetOf('global'), targets: { shop: budgetOf('target:shop') } };
const OUTCOMES = { settle: 'settled', release: 'released', unknown: 'unknown' } as const;

describe('the ledger', () => {
  let database: TestDatabase;
  let prisma: PrismaClient;
  beforeAll(async () => {
    database = await createTestDatabase();
    prisma = createPrisma(database.url, { poolSize: 2 });
  });
  afterAll(async () => {
    await closePrisma(prisma);
    await database.drop();
  });

  it('does what its rules say, whatever is reserved, settled, lost, retried and reset in whatever order and period', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 18 }), async (steps) => {
        await prisma.$executeRaw`TRUNCATE cost_ledger, cost_ledger_charges, budget_periods, budgets CASCADE`;
        await compareWithModel(prisma, steps);
      }),
      { numRuns: 100 },
    );
  }, 120_000);
});

async function compareWithModel(prisma: PrismaClient, steps: readonly Step[]): Promise<void> {
  const both = new Comparison(prisma);
  for (const each of steps) {
    const taken = await both.take(each);
    expect(taken.found).toEqual(taken.expected);
    for (const { found, expected } of await both.books()) expect(found).toEqual(expected);
  }
}

/** What the database has, and what it should have by the model. */
interface Compared {
  readonly found: unknown;
  readonly expected: unknown;
}

/** The same steps taken by the model and by the database. */
class Comparison {
  private readonly model = new ModelLedger(BUDGETS);
  private readonly ledger: Ledger;
  private readonly budgets: Budgets;
  /** Audit events of other runs stay: theirs have other operations. */
  private readonly prefix = randomUUID();
  private now = STARTED_AT;

  constructor(private readonly prisma: PrismaClient) {
    const clock = () => new Date(this.now);
    this.ledger = createLedger(prisma, RULES, clock);
    this.budgets = createBudgets(prisma, RULES, clock);
  }

  /** What the step answered; nothing to compare but for reservations. */
  async take(each: Step): Promise<Compared> {
    if (each.do === 'reserve') return this.reserve(each);
    if (each.do === 'wait') this.now += each.minutes * 60_000;
    else if (each.do === 'reset') {
      this.model.reset(each.scope, this.now);
      await this.budgets.reset({ ...budgetOf(each.scope), scope: each.scope }, 'ana', null);
    } else {
      const key = `${this.prefix}/${each.call}#${each.number}`;
      const amountMicroUsd = each.do === 'settle' ? each.amount : 0;
      this.model.settle(key, OUTCOMES[each.do], amountMicroUsd);
      await this.ledger.settle([{ key, outcome: OUTCOMES[each.do], amountMicroUsd }]);
    }
    return { found: each.do, expected: each.do };
  }

  async books(): Promise<readonly Compared[]> {
    return [await this.entries(), await this.overruns(), ...(await this.periods()), await this.status()];
  }

  private async reserve({ cycle, target, calls }: Extract<Step, { do: 'reserve' }>): Promise<Compared> {
    const named = calls.map((each) => ({ ...each, operation: `${this.prefix}/${each.operation}` }));
    const scope = `cycle:${cycle}` as const;
    const scopes = ['global', ...(target ? ['target:shop'] : []), scope];
    const expected = this.model.reserve(this.now, scopes, named);
    const answers = await this.ledger.reserve({
      cycleId: null,
      ...(target ? { target: 'shop' } : {}),
      scopes: [{ ...budgetOf(scope), scope, warnThreshold: 'global' }],
      entries: named.map((each) => ({
        ...{ operation: each.operation, source: 'target', model: 'm' },
        ...{ amountMicroUsd: each.amount, spent: each.spent },
      })),
    });
    return { found: answers.map((answer) => (answer.admitted ? answer.key : undefined)), expected };
  }

  private async entries(): Promise<Compared> {
    const entries = await this.prisma.costEntry.findMany();
    return {
      found: new Map(entries.map((each) => [each.key, [each.state, Number(each.settledMicroUsd ?? 0)]])),
      expected: new Map([...this.model.entries].map(([key, { state, settled }]) => [key, [state, settled]])),
    };
  }

  private async overruns(): Promise<Compared> {
    const events = await this.prisma.auditLog.findMany({
      where: { eventType: 'budget_overrun', subjectId: { startsWith: this.prefix } },
    });
    return { found: events.map(({ key }) => key).toSorted(), expected: this.model.overruns.toSorted() };
  }

  /** The figures of every period, and that those without an overrun are within the limit. */
  private async periods(): Promise<readonly Compared[]> {
    const rows = await this.prisma.budgetPeriod.findMany({ include: { budget: true } });
    const warnings = await this.prisma.auditLog.findMany({
      where: { OR: rows.map(({ budgetId }) => ({ key: { startsWith: `budget_warning/${budgetId}/` } })) },
    });
    const warned = new Set(warnings.map(({ key }) => key));
    const found = rows.map((row) => ({
      scope: row.budget.scope,
      start: row.periodStart.getTime(),
      reserved: Number(row.reservedMicroUsd),
      settled: Number(row.settledMicroUsd),
      overrun: row.overrun,
      warned: row.warnedAt !== null,
      told: warned.has(`budget_warning/${row.budgetId}/${row.periodStart.toISOString()}`),
    }));
    const expected = [...this.model.periods].flatMap(([scope, periods]) =>
      periods.map((period) => ({
        ...{ scope, start: period.start },
        reserved: this.model.reservedIn(period.entries),
        settled: this.model.settledIn(period.entries),
        ...{ overrun: period.overrun, warned: period.warned, told: period.warned },
      })),
    );
    const inOrder = (a: (typeof found)[number], b: (typeof found)[number]) =>
      a.scope.localeCompare(b.scope) || a.start - b.start;
    const limits: Readonly<Record<string, ModelBudget>> = BUDGETS;
    const tooFull = found.filter(
      ({ scope, reserved, settled, overrun }) => !overrun && reserved + settled > (limits[scope]?.limit ?? 0),
    );
    return [
      { found: found.toSorted(inOrder), expected: expected.toSorted(inOrder) },
      { found: tooFull, expected: [] },
    ];
  }

  private async status(): Promise<Compared> {
    const statuses = await this.budgets.statusOf(this.budgets.configured);
    const used = (scope: string, start: number): number => {
      const period = this.model.periods.get(scope)?.find((each) => each.start === start);
      return period === undefined ? 0 : this.model.used(period);
    };
    return {
      found: statuses.map(({ scope, periodStart, settledMicroUsd, reservedMicroUsd, overrun }) => ({
        ...{ scope, start: periodStart.getTime(), used: settledMicroUsd + reservedMicroUsd, overrun },
      })),
      expected: CONFIGURED.map((scope) => {
        const start = this.model.startAt(scope, this.now);
        return { scope, start, used: used(scope, start), overrun: this.model.isOverrun(scope) };
      }),
    };
  }
}
