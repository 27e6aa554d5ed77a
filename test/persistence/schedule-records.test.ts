import { randomUUID } from 'node:crypto';
import type { ScheduledRequest } from '../../src/domain/schedule';
import { createScheduleRecords } from '../../src/persistence/schedule-records';
import type { AuditEvent } from '../../src/ports/audit';
import { BudgetWorld } from './budget-world';

const CYCLE_MICRO_USD = 400;

describe('records of schedules', () => {
  let world: BudgetWorld;
  beforeAll(async () => void (world = await BudgetWorld.start()));
  afterAll(() => world.stop());

  const records = () => createScheduleRecords(world.prisma, world.books().budgets);
  const requestOf = (id: string, limitMicroUsd: number | null): ScheduledRequest => ({
    focus: null,
    target: 'shop',
    maxHypotheses: 1,
    maxExperiments: 1,
    runsPerExperiment: 1,
    replayPairs: 5,
    budgetMicroUsd: CYCLE_MICRO_USD,
    schedule: { id, budget: limitMicroUsd === null ? null : { limitMicroUsd, period: 'daily' } },
  });
  const offer = (request: ScheduledRequest, obstacle: string | null = null) => ({
    ...{ cycleId: randomUUID(), workflowId: `schedule-${request.schedule.id}-1`, request, obstacle },
  });
  const audited = async (id: string) => {
    const where = { subjectType: 'schedule', subjectId: id };
    return (await world.prisma.auditLog.findMany({ where })).map(({ eventType, details }) => [
      eventType,
      details,
    ]);
  };

  it('decide once for each cycle, whatever the budget holds when they are asked again', async () => {
    const kept = records();
    const request = requestOf('nightly', 1_000);
    const [first, second] = [offer(request), offer(request)];
    expect(await kept.admit(first)).toBeNull();
    const scope = { scope: 'schedule:nightly', limitMicroUsd: 1_000, period: 'daily' } as const;
    await world.books().reserve([world.call('a', 700)], [scope]);
    const reason = 'the budget schedule:nightly has $0.0003 left, and the cycle may spend $0.0004';
    expect(await kept.admit(second)).toBe(reason);
    await world.books().reset(scope.scope);
    expect([await kept.admit(first), await kept.admit(second)]).toEqual([null, reason]);
    expect(await kept.admit(offer(request))).toBeNull();
    expect(await audited('nightly')).toEqual([
      ['schedule_skipped', { reason, workflow_id: 'schedule-nightly-1' }],
    ]);
    const runs = await kept.runsOf('nightly');
    expect(runs).toHaveLength(3);
    expect(runs.filter((run) => run.skipReason !== null)).toMatchObject([
      { cycleId: null, cycleState: null, skipReason: reason },
    ]);
    expect(runs).toContainEqual(expect.objectContaining({ cycleId: first.cycleId, skipReason: null }));
  });

  it('admit everything without a budget, but what cannot run', async () => {
    const kept = records();
    expect(await kept.admit(offer(requestOf('free', null)))).toBeNull();
    expect(await kept.admit(offer(requestOf('free', null), 'no such target'))).toBe('no such target');
    expect((await kept.runsOf('free')).map(({ skipReason }) => skipReason)).toEqual(
      expect.arrayContaining([null, 'no such target']),
    );
  });

  it('audit a change exactly when it was made', async () => {
    const event = (key: string): AuditEvent => ({
      ...{ key, eventType: 'schedule_paused', actor: 'ana', subjectType: 'schedule', subjectId: 'changed' },
      details: {},
    });
    const refused = records().audited(event('a'), () => Promise.reject(new Error('Temporal is down')));
    await expect(refused).rejects.toThrow('Temporal is down');
    expect(await audited('changed')).toEqual([]);
    await records().audited(event('b'), () => Promise.resolve());
    expect(await audited('changed')).toEqual([['schedule_paused', {}]]);
  });
});
