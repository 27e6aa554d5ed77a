import {
  STAMP,
  designedCycle,
  discoveredCycle,
  findingOf,
  runOf,
  startStores,
  threeTimes,
  type StoredWorld,
} from '../support/stored-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

async function executed(target: string) {
  const { cycleId, designs } = await designedCycle(world, target);
  const experimentId = designs[0]!.id;
  await world.stores.experiments.begin(experimentId, 'lab', 2);
  await world.stores.experiments.recordRuns(experimentId, cycleId, [runOf(experimentId, 0, 'failed')], []);
  return { cycleId, experimentId };
}

describe('discovered failures', () => {
  it('are written once, with their runs, and move the phase', async () => {
    const { cycleId, experimentId } = await executed('once');
    const finding = findingOf(cycleId, experimentId, { target: 'once' });
    await threeTimes(() => world.stores.failures.saveDiscovered(cycleId, [finding], [], STAMP));
    expect(await world.stores.failures.list(cycleId)).toEqual([finding]);
    expect(await world.audited(cycleId, 'failures_discovered')).toBe(1);
    expect((await world.stores.cycles.progress(cycleId)).phase).toBe('failure_discovery');
  });

  it('may be none, which is recorded as well', async () => {
    const { cycleId } = await executed('none');
    await threeTimes(() => world.stores.failures.saveDiscovered(cycleId, [], [], STAMP));
    expect(await world.stores.failures.list(cycleId)).toEqual([]);
    expect(await world.audited(cycleId, 'failures_discovered')).toBe(1);
  });

  it('change earlier failures once: a late retry does not undo what a later cycle found', async () => {
    const { finding } = await discoveredCycle(world, 'changing');
    const second = await executed('changing');
    const third = await executed('changing');
    const change = (state: 'open' | 'not_reproduced') => [{ failureId: finding.id, state }];
    const { failures } = world.stores;
    await failures.saveDiscovered(second.cycleId, [], change('not_reproduced'), STAMP);
    await failures.saveDiscovered(third.cycleId, [], change('open'), STAMP);
    await failures.saveDiscovered(second.cycleId, [], change('not_reproduced'), STAMP);
    const row = await world.prisma.failure.findUniqueOrThrow({ where: { id: finding.id } });
    expect(row.state).toBe('open');
    expect(row.stateChangedAt).not.toBeNull();
  });
});

describe('known failures', () => {
  it('are the latest of each signature on that target, from other cycles', async () => {
    const target = 'known';
    const first = await discoveredCycle(world, target);
    await discoveredCycle(world, 'another');
    const { cycleId, experimentId } = await executed(target);
    const again = findingOf(cycleId, experimentId, {
      target,
      novelty: 'seen',
      previousFailureId: first.finding.id,
    });
    const other = findingOf(cycleId, experimentId, {
      target,
      triggerSignature: 'known/logic_error/a product',
      failedRunIds: [],
    });
    await world.stores.failures.saveDiscovered(cycleId, [again, other], [], STAMP);

    const signatures = async (exceptCycleId: string) =>
      (await world.stores.failures.known(target, exceptCycleId)).map((known) => known.failureId);
    expect(await signatures(first.cycleId)).toEqual([again.id, other.id]);
    expect(await signatures(cycleId)).toEqual([first.finding.id]);
    expect(await world.stores.failures.known('never tested', cycleId)).toEqual([]);
    const [known] = await world.stores.failures.known(target, cycleId);
    expect(known).toEqual({
      failureId: first.finding.id,
      triggerSignature: first.finding.triggerSignature,
      failureType: 'logic_error',
      trigger: 'a sum',
      state: 'open',
    });
  });
});
