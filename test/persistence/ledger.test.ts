import { randomUUID } from 'node:crypto';
import type { Budget } from '../../src/domain/budget';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createLedger } from '../../src/persistence/ledger';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import type { Ledger, ReservationRequest, ReserveInput } from '../../src/ports/ledger';

let database: TestDatabase;
let prisma: PrismaClient;
let cycleId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.url, { poolSize: 20 });
});
afterAll(async () => {
  await closePrisma(prisma);
  await database.drop();
});
beforeEach(async () => {
  await prisma.costCharge.deleteMany();
  await prisma.costEntry.deleteMany();
  await prisma.budgetPeriod.deleteMany();
  await prisma.budget.deleteMany();
  await prisma.modeState.deleteMany();
  cycleId = randomUUID();
  await prisma.researchCycle.create({
    data: {
      id: cycleId,
      workflowId: `cycle-${cycleId}`,
      target: 'demo',
      request: {},
      requestHash: '0',
      requestedBy: 'test',
      researcher: 'offline',
      researcherVersion: '1',
      startMode: 'lab',
    },
  });
});

const ledgerWith = (global: Partial<Budget> = {}): Ledger =>
  createLedger(prisma, { global: { limitMicroUsd: 1_000, period: 'daily', hardLimit: true, ...global } });

const call = (operation: string, amountMicroUsd: number): ReservationRequest => ({
  operation,
  source: 'target',
  model: 'm',
  amountMicroUsd,
});

const input = (entries: readonly ReservationRequest[], more: Partial<ReserveInput> = {}): ReserveInput => ({
  cycleId,
  scopes: [],
  entries,
  ...more,
});

async function periodOf(
  scope: string,
): Promise<{ reserved: number; settled: number; overrun: boolean; start: Date }> {
  const period = await prisma.budgetPeriod.findFirstOrThrow({ where: { budget: { scope } } });
  return {
    reserved: Number(period.reservedMicroUsd),
    settled: Number(period.settledMicroUsd),
    overrun: period.overrun,
    start: period.periodStart,
  };
}

describe('reserve', () => {
  it('admits in order as far as every scope has room, and names the one that is full', async () => {
    const scopes = [{ scope: `cycle:${cycleId}`, limitMicroUsd: 100 }];
    const answer = await ledgerWith().reserve(
      input([call('a', 60), call('b', 60), call('c', 40), call('d', 0)], { scopes }),
    );
    expect(answer).toEqual([
      { operation: 'a', admitted: true, key: 'a#1' },
      {
        operation: 'b',
        admitted: false,
        fullScope: `cycle:${cycleId}`,
        usedMicroUsd: 60,
        limitMicroUsd: 100,
      },
      { operation: 'c', admitted: true, key: 'c#1' },
      { operation: 'd', admitted: true, key: 'd#1' },
    ]);
    expect(await periodOf('global')).toMatchObject({ reserved: 100, settled: 0 });
    expect(await periodOf(`cycle:${cycleId}`)).toMatchObject({ reserved: 100, start: new Date(0) });
  });

  it('settles an open reservation of the same operation as unknown and reserves anew', async () => {
    const ledger = ledgerWith();
    await ledger.reserve(input([call('a', 60)]));
    expect(await ledger.reserve(input([call('a', 70)]))).toEqual([
      { operation: 'a', admitted: true, key: 'a#2' },
    ]);
    expect(await periodOf('global')).toMatchObject({ reserved: 70, settled: 60 });
    const entries = await prisma.costEntry.findMany({ orderBy: { callNumber: 'asc' } });
    expect(entries.map(({ key, state, settledMicroUsd }) => [key, state, settledMicroUsd])).toEqual([
      ['a#1', 'unknown', 60n],
      ['a#2', 'reserved', null],
    ]);
  });

  it('keeps the lost call on the books even when there is no room for another', async () => {
    const ledger = ledgerWith({ limitMicroUsd: 100 });
    await ledger.reserve(input([call('a', 60)]));
    expect(await ledger.reserve(input([call('a', 60)]))).toEqual([
      { operation: 'a', admitted: false, fullScope: 'global', usedMicroUsd: 60, limitMicroUsd: 100 },
    ]);
    expect(await periodOf('global')).toMatchObject({ reserved: 0, settled: 60 });
  });

  it('admits everything under a soft limit and without a limit', async () => {
    const soft = await ledgerWith({ limitMicroUsd: 1, hardLimit: false }).reserve(input([call('a', 60)]));
    const none = await ledgerWith({ limitMicroUsd: null }).reserve(input([call('b', 60)]));
    expect([...soft, ...none].map(({ admitted }) => admitted)).toEqual([true, true]);
  });

  it('takes a limit that was changed in the configuration', async () => {
    await ledgerWith({ limitMicroUsd: 10 }).reserve(input([call('a', 60)]));
    const [answer] = await ledgerWith({ limitMicroUsd: 100 }).reserve(input([call('a', 60)]));
    expect(answer).toMatchObject({ admitted: true });
  });

  it('gives each session its own period', async () => {
    const first = ledgerWith({ period: 'session', limitMicroUsd: 100 });
    await first.reserve(input([call('a', 60)]));
    const second = ledgerWith({ period: 'session', limitMicroUsd: 100 });
    expect(await first.reserve(input([call('b', 60)]))).toMatchObject([{ admitted: false }]);
    expect(await second.reserve(input([call('c', 60)]))).toMatchObject([{ admitted: true }]);
  });

  it.each([
    ['hourly', /^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/],
    ['daily', /T00:00:00\.000Z$/],
    ['weekly', /T00:00:00\.000Z$/],
    ['monthly', /-01T00:00:00\.000Z$/],
    ['unlimited', /^1970-01-01T00:00:00\.000Z$/],
  ] as const)('starts a period that is %s in UTC', async (period, start) => {
    await ledgerWith({ period }).reserve(input([call('a', 1)]));
    expect((await periodOf('global')).start.toISOString()).toMatch(start);
  });

  it('refuses everything when the mode has another version by now', async () => {
    await prisma.modeState.create({ data: { id: 1, mode: 'lab', version: 3 } });
    const ledger = ledgerWith();
    await expect(ledger.reserve(input([call('a', 1)], { modeVersion: 2 }))).rejects.toMatchObject({
      name: 'DomainError',
      code: 'mode_changed',
    });
    expect(await prisma.costEntry.count()).toBe(0);
    expect(await ledger.reserve(input([call('a', 1)], { modeVersion: 3 }))).toMatchObject([
      { admitted: true },
    ]);
  });

  it('admits exactly what there is room for when 200 ask at once', async () => {
    const ledger = ledgerWith({ limitMicroUsd: 100 });
    const scopes = [{ scope: `cycle:${cycleId}`, limitMicroUsd: 1_000 }];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => ledger.reserve(input([call(`run/${i}`, 10)], { scopes }))),
    );
    expect(answers.flat().filter(({ admitted }) => admitted)).toHaveLength(10);
    expect(await periodOf('global')).toMatchObject({ reserved: 100, settled: 0 });
  }, 30_000);

  it('books one reservation of an operation that many reserve at once, and the others as unknown', async () => {
    const ledger = ledgerWith();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ledger.reserve(input([call('a', 10)]))),
    );
    expect(new Set(answers.flat().map((answer) => (answer.admitted ? answer.key : ''))).size).toBe(10);
    expect(await periodOf('global')).toMatchObject({ reserved: 10, settled: 90 });
  });
});

describe('settle', () => {
  it('charges the bill to the periods of the reservation and keeps the tokens', async () => {
    const ledger = ledgerWith();
    await ledger.reserve(
      input([call('a', 60), call('b', 50), call('c', 40)], {
        scopes: [{ scope: 'target:demo', limitMicroUsd: 1_000 }],
      }),
    );
    await ledger.settle([
      {
        key: 'a#1',
        outcome: 'settled',
        amountMicroUsd: 12,
        usage: { inputTokens: 5, outputTokens: 7, cacheReadTokens: 2, cacheWriteTokens: 1 },
      },
      { key: 'b#1', outcome: 'released' },
      { key: 'c#1', outcome: 'unknown' },
    ]);
    for (const scope of ['global', 'target:demo']) {
      expect(await periodOf(scope)).toMatchObject({ reserved: 0, settled: 52, overrun: false });
    }
    const entries = await prisma.costEntry.findMany({ orderBy: { key: 'asc' } });
    expect(entries).toMatchObject([
      { state: 'settled', settledMicroUsd: 12n, inputTokens: 8, outputTokens: 7 },
      { state: 'released', settledMicroUsd: 0n },
      { state: 'unknown', settledMicroUsd: 40n },
    ]);
  });

  it('stays with the period of the reservation when the next one has begun', async () => {
    const ledger = ledgerWith();
    await ledger.reserve(input([call('a', 60)]));
    const { start } = await periodOf('global');
    const yesterday = new Date(start.getTime() - 86_400_000);
    await prisma.$executeRaw`
      WITH old AS (
        INSERT INTO budget_periods (budget_id, period_start, reserved_micro_usd)
        SELECT budget_id, ${yesterday}, reserved_micro_usd FROM budget_periods RETURNING budget_id
      ) UPDATE budget_periods SET reserved_micro_usd = 0`;
    await prisma.costCharge.updateMany({ data: { periodStart: yesterday } });

    expect(await ledger.reserve(input([call('a', 5)]))).toMatchObject([{ key: 'a#2' }]);
    const periods = await prisma.budgetPeriod.findMany({ orderBy: { periodStart: 'asc' } });
    expect(
      periods.map(({ reservedMicroUsd, settledMicroUsd }) => [reservedMicroUsd, settledMicroUsd]),
    ).toEqual([
      [0n, 60n],
      [5n, 0n],
    ]);
  });

  it('records a bill above its reservation in full, and the scope admits nothing more', async () => {
    const ledger = ledgerWith();
    await ledger.reserve(input([call('a', 10)]));
    await ledger.settle([{ key: 'a#1', outcome: 'settled', amountMicroUsd: 25 }]);
    expect(await periodOf('global')).toMatchObject({ reserved: 0, settled: 25, overrun: true });
    expect(await ledger.reserve(input([call('b', 0)]))).toEqual([
      { operation: 'b', admitted: false, fullScope: 'global', usedMicroUsd: 25, limitMicroUsd: 1_000 },
    ]);
  });

  it('changes nothing for an entry that is settled or unknown to it', async () => {
    const ledger = ledgerWith();
    await ledger.reserve(input([call('a', 10)]));
    await ledger.settle([{ key: 'a#1', outcome: 'settled', amountMicroUsd: 4 }]);
    await ledger.settle([
      { key: 'a#1', outcome: 'settled', amountMicroUsd: 9 },
      { key: 'a#1', outcome: 'released' },
      { key: 'never#1', outcome: 'unknown' },
    ]);
    await ledger.settle([]);
    expect(await periodOf('global')).toMatchObject({ reserved: 0, settled: 4 });
  });

  it('counts a bill once when it arrives many times at once', async () => {
    const ledger = ledgerWith();
    await ledger.reserve(input([call('a', 10)]));
    await Promise.all(
      Array.from({ length: 10 }, () =>
        ledger.settle([{ key: 'a#1', outcome: 'settled', amountMicroUsd: 4 }]),
      ),
    );
    expect(await periodOf('global')).toMatchObject({ reserved: 0, settled: 4 });
  });
});
