import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createLedger } from '../../src/persistence/ledger';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import type { Ledger, Settlement } from '../../src/ports/ledger';

const GLOBAL_LIMIT = 100;
const CYCLE_LIMIT = 60;

type Step =
  | { readonly do: 'reserve'; readonly cycle: 0 | 1; readonly calls: readonly (readonly [number, number])[] }
  | { readonly do: 'settle'; readonly call: number; readonly number: number; readonly amount: number }
  | { readonly do: 'release' | 'unknown'; readonly call: number; readonly number: number };

interface ModelEntry {
  readonly cycle: 0 | 1;
  readonly reserved: number;
  state: 'reserved' | 'settled' | 'released' | 'unknown';
  settled: number;
}

/** The rules of the ledger in memory, without periods and without concurrency. */
class ModelLedger {
  readonly entries = new Map<string, ModelEntry>();
  readonly overrun = { global: false, 0: false, 1: false };

  used(scope: 'global' | 0 | 1): number {
    const counted = [...this.entries.values()].filter((entry) => scope === 'global' || entry.cycle === scope);
    return counted.reduce(
      (sum, entry) => sum + (entry.state === 'reserved' ? entry.reserved : entry.settled),
      0,
    );
  }

  /** The keys admitted, undefined for those refused. */
  reserve(cycle: 0 | 1, calls: readonly (readonly [number, number])[]): (string | undefined)[] {
    for (const [call] of calls) {
      for (const [key, entry] of this.entries) {
        if (key.startsWith(`${call}#`) && entry.state === 'reserved')
          this.settle(key, 'unknown', entry.reserved);
      }
    }
    return calls.map(([call, amount]) => {
      const hasRoom =
        !this.overrun.global &&
        !this.overrun[cycle] &&
        this.used('global') + amount <= GLOBAL_LIMIT &&
        this.used(cycle) + amount <= CYCLE_LIMIT;
      if (!hasRoom) return undefined;
      const number = [...this.entries.keys()].filter((key) => key.startsWith(`${call}#`)).length + 1;
      const key = `${call}#${number}`;
      this.entries.set(key, { cycle, reserved: amount, state: 'reserved', settled: 0 });
      return key;
    });
  }

  settle(key: string, state: Settlement['outcome'], amount: number): void {
    const entry = this.entries.get(key);
    if (entry?.state !== 'reserved') return;
    entry.state = state;
    entry.settled = state === 'released' ? 0 : state === 'unknown' ? entry.reserved : amount;
    if (entry.settled > entry.reserved) {
      this.overrun.global = true;
      this.overrun[entry.cycle] = true;
    }
  }
}

const call = fc.integer({ min: 0, max: 4 });
const number = fc.integer({ min: 1, max: 3 });
const amount = fc.integer({ min: 0, max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      cycle: fc.constantFrom(0 as const, 1 as const),
      calls: fc.uniqueArray(fc.tuple(call, amount), { minLength: 1, maxLength: 4, selector: ([id]) => id }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), call, number, amount }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'unknown' as const), call, number }),
  },
);

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

  it('does what its rules say, whatever is reserved, settled, released and retried in whatever order', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
        await prisma.$executeRaw`TRUNCATE cost_ledger, cost_ledger_charges, budget_periods, budgets, research_cycles CASCADE`;
        await compareWithModel(prisma, steps);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

async function compareWithModel(prisma: PrismaClient, steps: readonly Step[]): Promise<void> {
  const cycleIds = [await createCycle(prisma), await createCycle(prisma)] as const;
  const model = new ModelLedger();
  const ledger = createLedger(prisma, {
    global: { limitMicroUsd: GLOBAL_LIMIT, period: 'unlimited', hardLimit: true },
  });
  for (const each of steps) {
    const expected = applyToModel(model, each);
    expect(await applyToLedger(ledger, each, cycleIds)).toEqual(expected);
    await compareBooks(prisma, model, cycleIds);
  }
}

const OUTCOMES = { settle: 'settled', release: 'released', unknown: 'unknown' } as const;

/** The keys admitted, in the order asked; none for a settlement. */
function applyToModel(model: ModelLedger, each: Step): readonly (string | undefined)[] {
  if (each.do === 'reserve') return model.reserve(each.cycle, each.calls);
  model.settle(`${each.call}#${each.number}`, OUTCOMES[each.do], each.do === 'settle' ? each.amount : 0);
  return [];
}

async function applyToLedger(
  ledger: Ledger,
  each: Step,
  cycleIds: readonly [string, string],
): Promise<readonly (string | undefined)[]> {
  if (each.do !== 'reserve') {
    const bill = each.do === 'settle' ? { amountMicroUsd: each.amount } : {};
    await ledger.settle([{ key: `${each.call}#${each.number}`, outcome: OUTCOMES[each.do], ...bill }]);
    return [];
  }
  const cycleId = cycleIds[each.cycle];
  const answers = await ledger.reserve({
    cycleId,
    scopes: [{ scope: `cycle:${cycleId}`, limitMicroUsd: CYCLE_LIMIT }],
    entries: each.calls.map(([id, amountMicroUsd]) => ({
      operation: String(id),
      source: 'target',
      model: 'm',
      amountMicroUsd,
    })),
  });
  return answers.map((answer) => (answer.admitted ? answer.key : undefined));
}

async function compareBooks(
  prisma: PrismaClient,
  model: ModelLedger,
  cycleIds: readonly [string, string],
): Promise<void> {
  const entries = await prisma.costEntry.findMany();
  expect(new Map(entries.map(({ key, state }) => [key, state]))).toEqual(
    new Map([...model.entries].map(([key, { state }]) => [key, state])),
  );
  const budgets = await prisma.budget.findMany({ include: { periods: true } });
  for (const { scope, limitMicroUsd, periods } of budgets) {
    const name = scope === 'global' ? 'global' : scope === `cycle:${cycleIds[0]}` ? 0 : 1;
    const [period] = periods;
    const used = Number((period?.reservedMicroUsd ?? 0n) + (period?.settledMicroUsd ?? 0n));
    expect({ scope, used, overrun: period?.overrun }).toEqual({
      scope,
      used: model.used(name),
      overrun: model.overrun[name],
    });
    expect(model.overrun[name] || used <= Number(limitMicroUsd)).toBe(true);
  }
}

async function createCycle(prisma: PrismaClient): Promise<string> {
  const id = randomUUID();
  await prisma.researchCycle.create({
    data: {
      id,
      workflowId: `cycle-${id}`,
      target: 'demo',
      request: {},
      requestHash: '0',
      requestedBy: 'test',
      researcher: 'offline',
      researcherVersion: '1',
      startMode: 'lab',
    },
  });
  return id;
}
