import { randomUUID } from 'node:crypto';
import { judgeWatch } from '../../src/domain/harm-watch';
import type { OutboundEventType } from '../../src/domain/outbound-events';
import { appendInTransaction } from '../../src/persistence/audit-trail';
import { modeTransition, startOutbox, type OutboxWorld } from '../support/outbox-world';
import {
  assessedAction,
  discoveredCycle,
  findingOf,
  IMPROVED,
  LAX,
  originOf,
  replayOf,
  STAMP,
} from '../support/stored-cycle';

const AUDITED = [
  ...[
    'failures_discovered',
    'approval_requested',
    'approval_reminder',
    'approval_escalated',
    'approval_decision',
  ],
  ...['action_blocked', 'cycle_ended', 'mode_transition', 'budget_warning', 'intervention_deployed'],
  'intervention_rolled_back',
];
const ODD = [
  'null',
  '[]',
  '"text"',
  '{"failures": 1}',
  '{"failures": [{"id": "x"}, 2, null]}',
  '{"via": ["policy"]}',
];

let world: OutboxWorld;
beforeEach(async () => void (world = await startOutbox()), 60_000);
afterEach(() => world.stop());

const told = (type?: OutboundEventType) =>
  world.prisma.outboundEvent.findMany({
    ...(type === undefined ? {} : { where: { type } }),
    orderBy: [{ occurredAt: 'asc' }, { key: 'asc' }],
  });
const decision = (approvalId: string) => ({
  ...({ approvalId, state: 'approved', decidedBy: 'ana', reason: 'fine', via: 'update' } as const),
  decidedAt: '2026-11-23T03:00:00.000Z',
});

describe('the outbox', () => {
  it('has failures one by one, a request and its decision, and the end of a cycle', async () => {
    const { stores } = world;
    const { cycleId, finding, input, simulation } = await discoveredCycle(world);
    const asked = assessedAction(simulation.id);
    const { approvalId } = asked.action;
    await stores.approvals.saveAssessed(originOf(input), [asked]);
    await stores.approvals.record(decision(approvalId), LAX);
    await stores.cycles.close(cycleId, 'completed', 'learning', null);

    const approval = {
      ...{ approval_id: approvalId, cycle_id: cycleId, action_type: 'RUN_EXPERIMENT', severity: 'S2' },
      ...{ description: 'run the experiment', mode: 'shadow', requested_by: 'ana' },
      ...{ deadline_at: '2027-01-01T00:00:00.000Z', links: { approval: `/approvals/${approvalId}` } },
    };
    const events = (await told()).map(({ type, data }) => ({ type, data }));
    expect(events).toEqual([
      {
        type: 'failure.discovered',
        data: {
          ...{ failure_id: finding.id, cycle_id: cycleId, target: 'demo', failure_class: 'reasoning' },
          ...{ failure_type: 'logic_error', severity: 'S2', novelty: 'new', description: 'adds wrongly' },
          links: { failure: `/failures/${finding.id}` },
        },
      },
      { type: 'approval.requested', data: approval },
      {
        type: 'approval.decided',
        data: { ...approval, decision: 'approved', decided_by: 'ana', via: 'update', reason: 'fine' },
      },
      {
        type: 'cycle.completed',
        data: {
          ...{ cycle_id: cycleId, state: 'completed', phase: 'learning', focus: 'tools', target: 'demo' },
          ...{ failures: 1, links: { cycle: `/research/cycles/${cycleId}` } },
        },
      },
    ]);
    expect(await world.outbox.claim('all', 100)).toHaveLength(4);
  });

  it('has each failure of a cycle once, also when its writer tries again', async () => {
    const { cycleId, experimentId, input } = await discoveredCycle(world);
    const more = ['b', 'c'].map((triggerSignature) => findingOf(cycleId, experimentId, { triggerSignature }));
    await world.stores.failures.saveDiscovered(cycleId, more, [], STAMP);
    expect(await told('failure.discovered')).toHaveLength(1);
    await world.stores.cycles.close(input.cycleId, 'failed', 'simulation', 'secret detail');
    await world.stores.cycles.close(input.cycleId, 'failed', 'simulation', 'secret detail');
    const ended = await told('cycle.completed');
    expect(ended).toMatchObject([{ data: { state: 'failed' } }]);
    expect(JSON.stringify(ended)).not.toContain('secret detail');
  });

  it('tells what a person reminds of and what was blocked, and nothing that the policy answers itself', async () => {
    const { stores } = world;
    const { input, simulation } = await discoveredCycle(world);
    const asked = assessedAction(simulation.id);
    const { approvalId } = asked.action;
    const blocked = assessedAction(simulation.id, { tier: 'block', reason: 'not here' });
    await stores.approvals.saveAssessed(originOf(input), [
      asked,
      assessedAction(simulation.id, { outcome: 'go' }, 'approved'),
      { ...blocked, notifyOnBlock: true },
      { ...assessedAction(simulation.id, { tier: 'block' }), notifyOnBlock: false },
    ]);
    await stores.approvals.remind(approvalId, 'reminder');
    await stores.approvals.remind(approvalId, 'reminder');
    await stores.approvals.remind(approvalId, 'escalation');
    for (const type of ['approval.requested', 'approval.reminder', 'approval.escalated'] as const) {
      expect(await told(type)).toMatchObject([{ data: { approval_id: approvalId, severity: 'S2' } }]);
    }
    expect(await told('action.blocked')).toMatchObject([
      {
        data: {
          ...{ cycle_id: input.cycleId, action_type: 'RUN_EXPERIMENT', severity: 'S2', mode: 'shadow' },
          ...{ description: 'run the experiment', reason: 'not here', requested_by: 'ana' },
        },
      },
    ]);
    expect(await told('approval.decided')).toEqual([]);
  });

  it('tells of a change of mode, and of approvals that a rollback withdraws', async () => {
    const { stores, prisma } = world;
    const change = { requestedBy: 'ana', comment: null, workflowId: null, approvalId: null };
    const { cycleId, input, simulation } = await discoveredCycle(world);
    await stores.cycles.close(cycleId, 'completed', 'learning', null);
    await stores.mode.apply({
      ...{ ...change, transitionId: randomUUID(), from: await stores.mode.current(), to: 'shadow' },
    });
    await prisma.$executeRaw`UPDATE mode_state SET mode = 'production', version = 3`;
    const asked = assessedAction(simulation.id);
    const promotion = { ...asked, action: { ...asked.action, actionType: 'MODE_TRANSITION' as const } };
    await stores.approvals.saveAssessed({ ...originOf(input), cycleId: null }, [promotion]);
    await stores.mode.forceShadow({ requestedBy: 'ben', reason: 'harm' });
    expect(await told('mode.changed')).toMatchObject([
      { data: { from_mode: 'lab', to_mode: 'shadow', version: 2, emergency: false, requested_by: 'ana' } },
      { data: { from_mode: 'production', to_mode: 'shadow', emergency: true, reason: 'harm' } },
    ]);
    expect(await told('approval.decided')).toMatchObject([
      { data: { approval_id: asked.action.approvalId, decision: 'cancelled', via: 'mode' } },
    ]);
  });

  it('tells of a budget that comes to its threshold', async () => {
    const entry = { operation: 'x', source: 'target' as const, model: 'm', amountMicroUsd: 600 };
    await world.ledger.reserve({ cycleId: null, scopes: [], entries: [entry] });
    expect(await told()).toMatchObject([
      {
        type: 'budget.warning',
        data: { scope: 'global', period: 'unlimited', limit_usd: 0.001, reserved_usd: 0.0006 },
      },
    ]);
  });

  it('tells what goes live and what is taken back', async () => {
    const { stores } = world;
    const { cycleId, input, intervention, simulation, runs } = await discoveredCycle(world);
    await stores.simulations.begin(cycleId, intervention.id);
    const lanes = (['baseline', 'candidate'] as const).map((lane) =>
      replayOf(simulation.id, 0, lane, runs[0]!.id),
    );
    await stores.simulations.recordReplays(simulation.id, lanes, []);
    await stores.simulations.finish(simulation.id, IMPROVED);
    const id = randomUUID();
    await stores.deployments.open({
      ...{
        id,
        interventionId: intervention.id,
        simulationId: simulation.id,
        channel: 'shadow',
        target: 'demo',
      },
      ...{ patch: intervention.patch, overrideReason: null, workflowId: `deploy-${id}`, requestedBy: 'ana' },
    });
    const asked = assessedAction(id);
    await stores.approvals.saveAssessed(originOf(input), [asked]);
    await stores.approvals.record(decision(asked.action.approvalId), LAX);
    const watch = {
      ...judgeWatch([], []),
      ...({ verdict: 'watching', reason: 'it begins', pairsPlanned: 30, paused: null } as const),
      endsAt: '2027-01-01T00:00:00.000Z',
    };
    const published = await stores.deployments.publish({ deploymentId: id, gate: asked.verdict, watch });
    expect(published).toEqual({ outcome: 'published' });
    await stores.deployments.rollBack({ interventionId: intervention.id }, { by: 'ben', reason: 'harm' });
    const where = {
      ...{ deployment_id: id, intervention_id: intervention.id, channel: 'shadow', target: 'demo' },
      links: { intervention: `/interventions/${intervention.id}`, deployment: `/deployments/${id}` },
    };
    const simulationId = { simulation_id: simulation.id };
    const live = { type: 'prompt_patch', by: 'ana', watched_until: watch.endsAt, ...simulationId };
    const events = (await told()).filter(({ type }) => type.startsWith('intervention.'));
    expect(events.map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'intervention.deployed', data: { ...where, ...live } },
      { type: 'intervention.rolled_back', data: { ...where, by: 'ben', was: 'live', reason: 'harm' } },
    ]);
  });

  it('tells nothing of what was rolled back', async () => {
    const failing = world.prisma.$transaction(async (tx) => {
      await appendInTransaction(tx, [modeTransition('one')]);
      expect(await tx.outboundEvent.count()).toBe(1);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await told()).toEqual([]);
    await appendInTransaction(world.prisma, [modeTransition('one'), modeTransition('one')]);
    await appendInTransaction(world.prisma, [modeTransition('one')]);
    expect(await told()).toHaveLength(1);
  });

  it('never stands in the way of an audit entry, whatever is in it', async () => {
    const rows = AUDITED.flatMap((type) => ODD.map((details) => ({ type, details })));
    for (const { type, details } of rows) {
      await world.prisma.$executeRaw`
        INSERT INTO audit_logs (id, key, event_type, actor, subject_type, subject_id, details)
        VALUES (gen_random_uuid(), ${randomUUID()}, ${type}, '', '', ${randomUUID().toUpperCase()}, ${details}::jsonb)`;
    }
    expect(await world.prisma.auditLog.count({ where: { eventType: { in: AUDITED } } })).toBe(rows.length);
  });
});
