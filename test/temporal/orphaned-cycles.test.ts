import { createRecords } from '../../src/persistence/records';
import { closeOrphanedCycles } from '../../src/temporal/orphaned-cycles';
import { cycleInput, startStores } from '../support/stored-cycle';
import type { StoredWorld } from '../support/stored-cycle';
import { startDevServer } from '../support/temporal';
import type { TemporalHarness } from '../support/temporal';

describe('cycles whose workflow ended past them', () => {
  let temporal: TemporalHarness;
  let world: StoredWorld;
  beforeAll(async () => {
    temporal = await startDevServer();
    world = await startStores();
  }, 120_000);
  afterAll(async () => {
    await world.stop();
    await temporal.stop();
  });

  it('end as failed with what they had reserved settled as unknown; others stay as they are', async () => {
    const { client } = temporal.env;
    const { stores, prisma, ledger } = world;
    const [terminated, running, elsewhere] = [cycleInput(), cycleInput(), cycleInput()];
    for (const input of [terminated, running, elsewhere]) await stores.cycles.open(input);
    for (const { workflowId } of [terminated, running]) {
      await client.workflow.start('parked', { workflowId, taskQueue: 'nobody' });
    }
    await ledger.reserve({
      cycleId: terminated.cycleId,
      scopes: [],
      entries: [{ operation: 'run/1', source: 'target', model: 'm', amountMicroUsd: 7 }],
    });
    await client.workflow.getHandle(terminated.workflowId).terminate('by hand');

    const deps = { client, records: createRecords(prisma), cycles: stores.cycles };
    expect(await closeOrphanedCycles(deps)).toEqual([terminated.cycleId]);
    expect(await closeOrphanedCycles(deps)).toEqual([]);

    const rows = await prisma.researchCycle.findMany({ select: { id: true, state: true, error: true } });
    expect(Object.fromEntries(rows.map(({ id, state }) => [id, state]))).toEqual({
      [terminated.cycleId]: 'failed',
      [running.cycleId]: 'running',
      [elsewhere.cycleId]: 'running',
    });
    expect(rows.find(({ id }) => id === terminated.cycleId)?.error).toContain('TERMINATED');
    const entries = await prisma.costEntry.findMany({ where: { cycleId: terminated.cycleId } });
    expect(entries).toMatchObject([{ state: 'unknown', settledMicroUsd: 7n }]);
  }, 30_000);
});
