import { createRecords } from '../../src/persistence/records';
import { recordId } from '../../src/persistence/record-id';
import { wilsonInterval } from '../../src/domain/statistics';
import { RESOURCES, type ApiRecord, type Records, type Resource } from '../../src/ports/records';
import {
  assessedAction,
  designedCycle,
  discoveredCycle,
  originOf,
  runOf,
  startStores,
  type StoredWorld,
} from '../support/stored-cycle';
import { wholeCycle } from '../support/whole-cycle';

let world: StoredWorld;
let records: Records;
beforeAll(async () => {
  world = await startStores();
  records = createRecords(world.prisma);
}, 60_000);
afterAll(() => world?.stop());

describe('records', () => {
  let whole: Awaited<ReturnType<typeof wholeCycle>>;
  beforeAll(async () => void (whole = await wholeCycle(world, 'shown')));

  const get = async (resource: Resource, id: string): Promise<ApiRecord> => {
    const record = await records.get(resource, id);
    if (record === undefined) throw new Error(`${resource} ${id} is missing`);
    return record;
  };

  it('show an experiment with its runs and a rate over the assessed ones', async () => {
    const { experimentId, runs, cycleId } = whole;
    expect(await get('experiments', experimentId)).toMatchObject({
      cycle_id: cycleId,
      estimated_cost_usd: 0.001,
      outcomes: { failed: 1, held: 1, unassessed: 0 },
      failure_rate: { value: 0.5, n: 2, count: 1, low: wilsonInterval(1, 2)?.low },
      design: { max_output_tokens: 100, cases: [{ fails_when: { kind: 'numeric_wrong', expected: 4 } }] },
      runs: [
        {
          id: runs[0]!.id,
          outcome: 'failed',
          evidence: [{ message_index: 1, quote: '5' }],
          transcript: { messages: runs[0]!.transcript.messages, calls: [{ finish_reason: 'stop' }] },
          cost_usd: 0.000012,
          started_at: '2026-11-23T02:00:00.123Z',
        },
        { id: runs[1]!.id, outcome: 'held' },
      ],
    });
  });

  it('show no rate where nothing was assessed', async () => {
    const { designs, cycleId } = await designedCycle(world);
    const { id } = designs[0]!;
    await world.stores.experiments.recordRuns(id, cycleId, [runOf(id, 0, 'unassessed')], []);
    expect(await get('experiments', id)).toMatchObject({
      outcomes: { failed: 0, held: 0, unassessed: 1 },
      failure_rate: { value: null, n: 0, count: 0, low: null, high: null },
    });
  });

  it('leave schemas and arguments as they are', async () => {
    const { designs, cycleId } = await designedCycle(world);
    const design = {
      ...designs[0]!.design,
      cases: [
        {
          trigger: 'a call',
          turns: ['book it'],
          tools: [
            {
              name: 'book',
              description: '',
              parameters: { properties: { seatNumber: {} } },
              results: ['{}'],
            },
          ],
          failsWhen: { kind: 'tool_called' as const, tool: 'book', arguments: { seatNumber: 1 }, atLeast: 2 },
        },
      ],
    };
    const id = recordId('with tools', cycleId);
    const { hypothesisId } = designs[0]!;
    await world.stores.experiments.saveDesigns(
      cycleId,
      [{ ...designs[0]!, id, hypothesisId, ordinal: 7, design }],
      { researcher: 'offline', researcherVersion: '1' },
    );
    const shown = await get('experiments', id);
    expect(shown['design']).toMatchObject({
      cases: [
        {
          tools: [{ parameters: { properties: { seatNumber: {} } } }],
          fails_when: { arguments: { seatNumber: 1 }, at_least: 2 },
        },
      ],
    });
  });

  it('show a failure with its runs, and its interventions with the verdicts of their replays', async () => {
    const { finding, intervention, simulation, runs } = whole;
    expect(await get('failures', finding.id)).toMatchObject({
      severity: 'S2',
      references: { owasp: ['LLM09'], atlas: [] },
      reproducibility: { value: 0.5, n: 2, count: 1 },
      runs: [{ id: runs[0]!.id, outcome: 'failed' }],
      interventions: [
        {
          id: intervention.id,
          patch: { type: 'prompt_patch', append: 'Check every sum.' },
          simulation: { id: simulation.id, state: 'done', verdict: 'improved' },
        },
      ],
    });
    expect(await get('interventions', intervention.id)).toMatchObject({
      simulations: [{ id: simulation.id, verdict: 'improved' }],
    });
  });

  it('show a simulation with its three lanes', async () => {
    const { simulation, runs } = whole;
    const shown = await get('simulations', simulation.id);
    expect(shown).toMatchObject({ verdict: 'improved', result: { failing: { p_value: 0.0625 } } });
    expect(shown['pairs']).toMatchObject([
      {
        control: false,
        pair: 0,
        observed: { id: runs[0]!.id, outcome: 'failed' },
        baseline: { outcome: 'failed' },
        candidate: { outcome: 'held' },
      },
      { control: true, pair: 1, observed: null, baseline: { outcome: 'failed' }, candidate: null },
    ]);
  });

  it('show an approval with its deadline and decision', async () => {
    const shown = await get('approvals', whole.approvalId);
    expect(shown).toMatchObject({
      action_type: 'RUN_EXPERIMENT',
      action_description: 'run the experiment',
      estimated_cost_usd: 0.001,
      affected_systems: ['demo', 'the ledger'],
      requester_agent: 'offline',
      state: 'approved',
      decision: { decision: 'approved', decided_by: 'ana', via: 'update' },
    });
    const seconds = (Date.parse('2027-01-01T00:00:00Z') - Date.parse(String(shown['created_at']))) / 1_000;
    expect(Math.abs(Number(shown['timeout_seconds']) - seconds)).toBeLessThanOrEqual(1);
  });

  it('show a cycle with what it was asked for and what it spent', async () => {
    const { cycleId, input } = whole;
    expect(await get('cycles', cycleId)).toMatchObject({
      id: cycleId,
      workflow_id: input.workflowId,
      state: 'running',
      start_mode: 'lab',
      request: { max_hypotheses: 2, budget_usd: null },
      hypotheses_count: 2,
      experiments_done: 1,
      spent_usd: 1.5,
      held_usd: 0,
    });
  });

  it('are undefined when unknown, or when the id is none', async () => {
    for (const resource of RESOURCES) {
      expect(await records.get(resource, recordId('nobody'))).toBeUndefined();
      expect(await records.get(resource, "x' OR true")).toBeUndefined();
    }
    expect(await records.progress('none')).toBeUndefined();
    expect(await records.result('none')).toBeUndefined();
  });
});

describe('the result of a cycle', () => {
  it('lists everything in the order of the cycle', async () => {
    const { cycleId, designs, finding, intervention, simulation } = await wholeCycle(world, 'result');
    await world.stores.cycles.close(cycleId, 'completed', 'learning', null);
    const result = await records.result(cycleId);
    expect(result).toMatchObject({
      success: true,
      state: 'completed',
      error: null,
      spent_usd: 1.5,
      hypotheses_count: 2,
      experiments_count: 2,
      failures_count: 1,
      interventions_count: 1,
      simulations_count: 1,
      hypotheses: [{ priority: 1 }, { priority: 2 }],
      experiments: [{ id: designs[1]!.id }, { id: designs[0]!.id }],
      failures: [{ id: finding.id }],
      interventions: [{ id: intervention.id }],
      simulations: [{ id: simulation.id, verdict: 'improved' }],
    });
  });

  it.each([
    ['completed', true],
    ['budget_exhausted', true],
    ['cancelled', false],
    ['failed', false],
  ] as const)('of a %s cycle is a success: %s', async (state, success) => {
    const { cycleId } = await designedCycle(world);
    await world.stores.cycles.close(cycleId, state, 'execution', state === 'failed' ? 'broke' : null);
    expect(await records.result(cycleId)).toMatchObject({
      success,
      error: state === 'failed' ? 'broke' : null,
    });
  });
});

describe('counts', () => {
  it('agree with what was written', async () => {
    const own = await startStores();
    try {
      const counted = createRecords(own.prisma);
      expect(await counted.status()).toEqual({
        hypothesesGenerated: 0,
        experimentsRun: 0,
        failuresDiscovered: 0,
        interventionsProposed: 0,
        pendingApprovals: 0,
        activeCycles: 0,
        currentFocus: null,
        approvalStats: { approved: 0, rejected: 0, expired: 0, pending: 0, cancelled: 0 },
      });
      expect(await counted.effects()).toMatchObject({
        cyclesByState: {},
        costUsd: [],
        pendingApprovals: 0,
        oldestPendingApprovalSeconds: 0,
      });

      const { cycleId, input, designs } = await discoveredCycle(own);
      await own.stores.approvals.saveAssessed(originOf(input), [
        assessedAction(designs[0]!.id),
        assessedAction(designs[0]!.id, { outcome: 'go' }, 'approved'),
      ]);
      await own.ledger.reserve({
        cycleId,
        scopes: [],
        entries: [{ operation: 'x', source: 'target', model: 'demo-1', amountMicroUsd: 250_000 }],
      });
      expect(await counted.status()).toMatchObject({
        hypothesesGenerated: 2,
        experimentsRun: 1,
        failuresDiscovered: 1,
        interventionsProposed: 1,
        pendingApprovals: 1,
        activeCycles: 1,
        currentFocus: 'tools',
        approvalStats: { approved: 1, pending: 1 },
      });
      await own.prisma.$executeRaw`UPDATE approvals SET created_at = now() - interval '90 minutes'`;
      const { oldestPendingApprovalSeconds: age } = await counted.effects();
      expect(age).toBeGreaterThanOrEqual(5_400);
      expect(age).toBeLessThan(5_460);
      await own.stores.cycles.close(cycleId, 'cancelled', 'simulation', null);
      expect(await counted.effects()).toEqual({
        cyclesByState: { cancelled: 1 },
        cycleSeconds: 0,
        runningByPhase: {},
        oldestRunningCycleSeconds: 0,
        failures: [{ severity: 'S2', failureClass: 'reasoning', count: 1 }],
        approvalDecisions: [
          { decision: 'approved', tier: 'review', count: 1 },
          { decision: 'cancelled', tier: 'review', count: 1 },
        ],
        costUsd: [{ source: 'target', model: 'demo-1', usd: 0.25 }],
        pendingApprovals: 0,
        oldestPendingApprovalSeconds: 0,
        toolExecutions: [],
        webhookDeliveries: {},
        oldestPendingDeliverySeconds: 0,
        unsealedAuditEntries: await own.prisma.auditLog.count(),
      });
    } finally {
      await own.stop();
    }
  });
});
