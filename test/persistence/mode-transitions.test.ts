import { randomUUID } from 'node:crypto';
import type { Mode } from '../../src/domain/mode';
import type { ModeChange } from '../../src/ports/stores';
import {
  LAX,
  assessedAction,
  discoveredCycle,
  startStores,
  threeTimes,
  type StoredWorld,
} from '../support/stored-cycle';
import { wholeCycle } from '../support/whole-cycle';

let world: StoredWorld;
beforeEach(async () => void (world = await startStores()), 60_000);
afterEach(() => world?.stop());

async function change(to: Mode, over: Partial<ModeChange> = {}): Promise<ModeChange> {
  const from = await world.stores.mode.current();
  return {
    transitionId: randomUUID(),
    from,
    to,
    requestedBy: 'ana',
    comment: 'time',
    workflowId: 'mode-transition',
    approvalId: null,
    ...over,
  };
}

/** The mode without the rules of the ways there. */
async function put(mode: Mode): Promise<void> {
  await world.prisma.modeState.update({ where: { id: 1 }, data: { mode, version: { increment: 1 } } });
}

async function waitingApproval(): Promise<string> {
  const asked = assessedAction(randomUUID());
  const origin = { cycleId: null, workflowId: 'mode-transition', requestedBy: 'ana' };
  const action = { ...asked.action, actionType: 'MODE_TRANSITION' as const };
  await world.stores.approvals.saveAssessed(origin, [{ ...asked, action }]);
  return action.approvalId;
}

describe('a change of mode', () => {
  it('is made once, with its history and its audit entry', async () => {
    const { cycleId } = await wholeCycle(world, 'demo');
    await world.stores.cycles.close(cycleId, 'completed', 'learning', null);
    const asked = await change('shadow');
    const answers = await threeTimes(() => world.stores.mode.apply(asked));
    const done = { outcome: 'changed', mode: { mode: 'shadow', version: 2 } };
    expect(answers).toEqual([done, done, done]);
    expect(await world.stores.mode.current()).toEqual({ mode: 'shadow', version: 2 });
    expect((await world.stores.mode.history(5)).map(({ from, to }) => [from, to])).toEqual([
      ['lab', 'shadow'],
      [null, 'lab'],
    ]);
    expect(await world.audited('shadow', 'mode_transition')).toBe(1);
  });

  it('is blocked by what came about since it was checked', async () => {
    expect(await world.stores.mode.apply(await change('shadow'))).toMatchObject({
      outcome: 'blocked',
      reason: 'no research cycle has been completed yet',
    });
    expect((await world.stores.mode.current()).mode).toBe('lab');
  });

  it('has one winner of a hundred at the same instant', async () => {
    await put('shadow');
    const asked = await Promise.all(Array.from({ length: 100 }, () => change('lab')));
    const answers = await Promise.all(asked.map((each) => world.stores.mode.apply(each)));
    expect(answers.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'superseded')).toHaveLength(99);
  });

  it('needs its approval to stand at that moment', async () => {
    await put('shadow');
    await wholeCycle(world, 'demo');
    const approvalId = await waitingApproval();
    const asked = await change('production', { approvalId });
    expect(await world.stores.mode.apply(asked)).toMatchObject({ outcome: 'superseded' });
    const decidedAt = new Date().toISOString();
    const approval = { approvalId, state: 'approved', decidedBy: 'ben', reason: null, decidedAt } as const;
    await world.stores.approvals.record({ ...approval, via: 'update' }, LAX);
    expect(await world.stores.mode.apply(asked)).toMatchObject({ outcome: 'changed' });
  });
});

describe('the facts', () => {
  it('count a signature by its latest failure', async () => {
    const facts = () => world.stores.mode.facts();
    expect(await facts()).toEqual({ completedCycles: 0, unresolvedS4: 0, improvedSimulations: 0 });
    await discoveredCycle(world, 'demo');
    await world.prisma.failure.updateMany({ data: { severity: 'S4' } });
    expect((await facts()).unresolvedS4).toBe(1);
    await discoveredCycle(world, 'demo');
    expect((await facts()).unresolvedS4).toBe(0);
    await world.prisma.failure.updateMany({ data: { severity: 'S4' } });
    expect((await facts()).unresolvedS4).toBe(1);
    const latest = await world.prisma.failure.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    await world.prisma.failure.update({
      where: { id: latest.id },
      data: { severity: 'S4', state: 'resolved', stateChangedAt: new Date() },
    });
    expect((await facts()).unresolvedS4).toBe(0);
  });
});

describe('the emergency rollback', () => {
  const rollback = () => world.stores.mode.forceShadow({ requestedBy: 'on call', reason: 'smoke' });

  it('changes nothing in lab', async () => {
    expect(await rollback()).toEqual({ changed: false, withdrawn: 0, mode: { mode: 'lab', version: 1 } });
  });

  it('leads from production to shadow once, however many ask', async () => {
    await put('production');
    const answers = await Promise.all([rollback(), rollback(), rollback()]);
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
    expect((await world.stores.mode.current()).mode).toBe('shadow');
    expect((await world.stores.mode.history(1))[0]).toMatchObject({
      emergency: true,
      requestedBy: 'on call',
    });
  });

  it('withdraws a promotion that waits, which can then neither be approved nor come about', async () => {
    await put('shadow');
    await wholeCycle(world, 'demo');
    const approvalId = await waitingApproval();
    const asked = await change('production', { approvalId });
    expect(await rollback()).toMatchObject({ changed: false, withdrawn: 1 });
    const decidedAt = new Date().toISOString();
    const late = { approvalId, state: 'approved', decidedBy: 'ben', reason: null, decidedAt } as const;
    expect(await world.stores.approvals.record({ ...late, via: 'update' }, LAX)).toMatchObject({
      taken: true,
      decided: { state: 'cancelled', via: 'mode' },
    });
    expect(await world.stores.mode.apply(asked)).toMatchObject({ outcome: 'superseded' });
  });

  it('bars a promotion that was approved and not made yet', async () => {
    await put('shadow');
    await wholeCycle(world, 'demo');
    const asked = await change('production');
    await rollback();
    expect(await world.stores.mode.apply(asked)).toMatchObject({ outcome: 'superseded' });
  });
});
