import { randomUUID } from 'node:crypto';
import { DomainError } from '../../src/domain/errors';
import { closeDatabase, openDatabase } from '../../src/persistence/client';
import { createStores } from '../../src/persistence/stores';
import { createTestDatabase } from '../support/postgres';
import {
  assessedAction,
  cycleInput,
  designedCycle,
  originOf,
  discoveredCycle,
  startStores,
  threeTimes,
  type StoredWorld,
} from '../support/stored-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

describe('opening a cycle', () => {
  it('writes it once, in the mode in force, however often it is opened', async () => {
    const input = cycleInput();
    const opened = await threeTimes(() => world.stores.cycles.open(input));
    for (const record of opened) {
      expect(record).toEqual(await world.stores.cycles.get(input.cycleId));
    }
    expect(opened[0]).toMatchObject({ state: 'running', startMode: 'lab', request: input.request });
    expect(Math.abs(opened[0]!.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await world.audited(input.cycleId, 'cycle_opened')).toBe(1);
  });

  it('lets the first request stand', async () => {
    const input = cycleInput();
    await world.stores.cycles.open(input);
    const again = await world.stores.cycles.open({ ...input, requestedBy: 'ben' });
    expect(again.requestedBy).toBe('ana');
  });

  it('keeps a focus that PostgreSQL cannot store, as far as it can', async () => {
    const input = cycleInput();
    await world.stores.cycles.open({ ...input, request: { ...input.request, focus: 'a\0b\uD800c 😀' } });
    expect((await world.stores.cycles.get(input.cycleId)).request.focus).toBe('a\uFFFDb\uFFFDc 😀');
  });

  it('refuses while no mode is in force', async () => {
    const database = await createTestDatabase();
    const opened = openDatabase(database.url, { poolSize: 2 });
    try {
      await expect(createStores(opened).cycles.open(cycleInput())).rejects.toMatchObject({
        code: 'not_ready',
      });
    } finally {
      await closeDatabase(opened);
      await database.drop();
    }
  });

  it('does not know a cycle that was never opened', async () => {
    const unknown = randomUUID();
    expect(await world.stores.cycles.find(unknown)).toBeUndefined();
    const { cycles } = world.stores;
    await expect(cycles.get(unknown)).rejects.toMatchObject({ code: 'not_found' });
    await expect(cycles.progress(unknown)).rejects.toMatchObject({ code: 'not_found' });
    await expect(cycles.close(unknown, 'completed', 'learning', null)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('phase and pause', () => {
  it('moves the phase forward and never back', async () => {
    const { cycleId } = await designedCycle(world);
    const phase = async () => (await world.stores.cycles.progress(cycleId)).phase;
    expect(await phase()).toBe('experiment_design');
    await world.stores.cycles.enterPhase(cycleId, 'simulation');
    await world.stores.cycles.enterPhase(cycleId, 'execution');
    expect(await phase()).toBe('simulation');
    await world.stores.cycles.close(cycleId, 'failed', 'execution', 'broke');
    await world.stores.cycles.enterPhase(cycleId, 'learning');
    expect(await phase()).toBe('simulation');
  });

  it('records each change of pause once', async () => {
    const { cycleId } = await designedCycle(world);
    for (const paused of [true, false, true]) {
      await threeTimes(() => world.stores.cycles.setPaused(cycleId, paused));
    }
    expect((await world.stores.cycles.progress(cycleId)).paused).toBe(true);
    expect(await world.audited(cycleId, 'cycle_paused')).toBe(2);
    expect(await world.audited(cycleId, 'cycle_resumed')).toBe(1);
  });
});

describe('closing a cycle', () => {
  it('ends it once: the first end stands', async () => {
    const { cycleId } = await designedCycle(world);
    await world.stores.cycles.close(cycleId, 'cancelled', 'execution', null);
    await world.stores.cycles.close(cycleId, 'completed', 'learning', 'late');
    await world.stores.cycles.setPaused(cycleId, true);
    expect(await world.stores.cycles.progress(cycleId)).toMatchObject({
      state: 'cancelled',
      phase: 'execution',
      paused: false,
    });
    expect(await world.audited(cycleId, 'cycle_ended')).toBe(1);
  });

  it('gives one end to ends at the same instant', async () => {
    const { cycleId } = await designedCycle(world);
    await Promise.all(
      (['completed', 'cancelled', 'failed'] as const).map((state) =>
        world.stores.cycles.close(cycleId, state, 'execution', state),
      ),
    );
    const row = await world.prisma.researchCycle.findUniqueOrThrow({ where: { id: cycleId } });
    expect(row.error).toBe(row.state);
    expect(await world.audited(cycleId, 'cycle_ended')).toBe(1);
  });

  it('withdraws approvals and skips what has not ended', async () => {
    const { cycleId, input, designs, simulation, experimentId } = await discoveredCycle(world);
    const action = assessedAction(designs[1]!.id);
    await world.stores.approvals.saveAssessed(originOf(input), [action]);
    await threeTimes(() => world.stores.cycles.close(cycleId, 'cancelled', 'simulation', null));

    const approval = await world.stores.approvals.get(action.action.approvalId);
    expect(approval).toMatchObject({ state: 'cancelled', decision: { state: 'cancelled', via: 'cycle' } });
    const experiments = await world.stores.experiments.list(cycleId);
    expect(experiments.map(({ id, state }) => [id, state])).toEqual([
      [designs[1]!.id, 'skipped'],
      [experimentId, 'done'],
    ]);
    const left = await world.prisma.simulation.findUniqueOrThrow({ where: { id: simulation.id } });
    expect(left).toMatchObject({ state: 'skipped', skipReason: 'cancelled' });
    expect(await world.audited(designs[1]!.id, 'experiment_skipped')).toBe(1);
    expect(await world.audited(action.action.approvalId, 'approval_decision')).toBe(1);
  });

  it('settles reservations still open as unknown, and leaves settled ones', async () => {
    const { cycleId } = await designedCycle(world);
    const scopes = [{ scope: `cycle:${cycleId}`, limitMicroUsd: 1_000 }];
    const entry = { source: 'target', model: 'demo-1', amountMicroUsd: 100 } as const;
    const reserved = await world.ledger.reserve({
      cycleId,
      scopes,
      entries: ['a', 'b', 'c'].map((name) => ({ ...entry, operation: `run/${cycleId}/${name}` })),
    });
    const keys = reserved.map((each) => (each.admitted ? each.key : ''));
    await world.ledger.settle([{ key: keys[0]!, outcome: 'settled', amountMicroUsd: 40 }]);
    expect(await world.stores.cycles.progress(cycleId)).toMatchObject({
      spentMicroUsd: 40,
      heldMicroUsd: 200,
    });

    await threeTimes(() => world.stores.cycles.close(cycleId, 'failed', 'execution', 'broke'));
    // A late bill changes nothing any more.
    await world.ledger.settle([{ key: keys[1]!, outcome: 'settled', amountMicroUsd: 1 }]);

    expect(await world.stores.cycles.progress(cycleId)).toMatchObject({
      spentMicroUsd: 240,
      heldMicroUsd: 0,
    });
    const period = await world.prisma.budgetPeriod.findFirstOrThrow({
      where: { budget: { scope: `cycle:${cycleId}` } },
    });
    expect(period).toMatchObject({ reservedMicroUsd: 0n, settledMicroUsd: 240n });
  });

  it('does not block or deadlock with the writes it overtakes', async () => {
    for (let round = 0; round < 5; round++) {
      const { cycleId, designs, input } = await designedCycle(world);
      const [first, second] = designs;
      const late = world.stores.approvals.saveAssessed(originOf(input), [assessedAction(first!.id)]).then(
        (verdicts) => verdicts.length,
        (error: Error) => (error instanceof DomainError ? error.code : Promise.reject(error)),
      );
      await Promise.all([
        world.stores.experiments.begin(first!.id, 'lab', 2),
        world.stores.experiments.skip(second!.id, 'blocked', 'policy'),
        world.stores.cycles.close(cycleId, 'cancelled', 'execution', null),
        late,
      ]);
      expect([1, 'cycle_already_ended']).toContain(await late);
      const states = (await world.stores.experiments.list(cycleId)).map(({ state }) => state);
      expect(states).toEqual(['skipped', 'skipped']);
      expect((await world.stores.cycles.progress(cycleId)).pendingApprovals).toBe(0);
    }
  });
});
