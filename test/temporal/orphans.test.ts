import { randomUUID } from 'node:crypto';
import { judgeWatch } from '../../src/domain/harm-watch';
import { createRecords } from '../../src/persistence/records';
import { closeOrphans } from '../../src/temporal/orphans';
import { assessedAction, cycleInput, LAX, originOf, startStores } from '../support/stored-cycle';
import type { StoredWorld } from '../support/stored-cycle';
import { startDevServer } from '../support/temporal';
import type { TemporalHarness } from '../support/temporal';
import { wholeCycle } from '../support/whole-cycle';

describe('records whose workflow ended past them', () => {
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

  it('end as failed cycles with what they had reserved settled as unknown; others stay as they are', async () => {
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

    const deps = { client, records: createRecords(prisma), stores };
    expect(await closeOrphans(deps)).toEqual([terminated.cycleId]);
    expect(await closeOrphans(deps)).toEqual([]);

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

  it('are a live deployment that is taken back, calls with their ends, and questions that are withdrawn', async () => {
    const { client } = temporal.env;
    const { stores, prisma } = world;
    const { input, intervention, simulation } = await wholeCycle(world, 'shop');
    const end = async (workflowId: string): Promise<void> => {
      await client.workflow.start('parked', { workflowId, taskQueue: 'nobody' });
      await client.workflow.getHandle(workflowId).terminate('by hand');
    };
    const [first] = await prisma.deployment.findMany({ where: { interventionId: intervention.id } });
    const live = first?.id ?? '';
    const requested = randomUUID();
    await stores.deployments.open({
      ...{
        id: requested,
        interventionId: intervention.id,
        simulationId: simulation.id,
        channel: 'production',
      },
      ...{ target: 'shop', patch: intervention.patch, overrideReason: null, requestedBy: 'ana' },
      workflowId: `deploy-${requested}`,
    });
    const asked = assessedAction(live);
    const unanswered = assessedAction(live);
    await stores.approvals.saveAssessed(originOf(input), [asked]);
    await stores.approvals.saveAssessed({ ...originOf(input), workflowId: `deploy-${live}` }, [unanswered]);
    const approval = { approvalId: asked.action.approvalId, state: 'approved', via: 'update' } as const;
    await stores.approvals.record(
      { ...approval, decidedBy: 'ben', reason: null, decidedAt: '2026-11-23T03:00:00.000Z' },
      LAX,
    );
    const plan = { verdict: 'watching', reason: 'it begins', pairsPlanned: 30, paused: null } as const;
    const watch = { ...judgeWatch([], []), ...plan, endsAt: '2027-01-01T00:00:00.000Z' };
    await stores.deployments.publish({ deploymentId: live, gate: asked.verdict, watch });
    const calls = { requested: randomUUID(), running: randomUUID() };
    for (const [status, id] of Object.entries(calls)) {
      await stores.toolExecutions.open({
        ...{
          id,
          idempotencyKey: id,
          tool: 'act',
          riskLevel: 'low',
          actionType: 'TOOL_CALL',
          reversible: true,
        },
        ...{ description: '', arguments: {}, requestedBy: 'ana', workflowId: `tool-${id}`, rollbackOf: null },
      });
      await prisma.toolExecution.update({ where: { id }, data: { status } });
      await end(`tool-${id}`);
    }
    for (const id of [live, requested]) await end(`deploy-${id}`);

    const closed = await closeOrphans({ client, records: createRecords(prisma), stores });
    expect(new Set(closed)).toEqual(
      new Set([live, requested, ...Object.values(calls), unanswered.action.approvalId]),
    );
    const unwatched = await stores.deployments.get(live);
    expect(unwatched.state).toBe('rolled_back');
    expect(unwatched.endReason).toContain('TERMINATED');
    expect((await stores.deployments.get(requested)).state).toBe('refused');
    expect((await stores.toolExecutions.get(calls.requested)).status).toBe('refused');
    expect((await stores.toolExecutions.get(calls.running)).status).toBe('unknown');
    expect((await stores.approvals.get(unanswered.action.approvalId)).state).toBe('cancelled');
    expect((await stores.approvals.get(asked.action.approvalId)).state).toBe('approved');
  }, 30_000);
});
