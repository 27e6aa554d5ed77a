import { randomUUID } from 'node:crypto';
import {
  IMPROVED,
  STAMP,
  discoveredCycle,
  replayOf,
  startStores,
  threeTimes,
  type StoredWorld,
} from '../support/stored-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

describe('interventions', () => {
  it('are written once with the simulations planned for them', async () => {
    const { cycleId, finding, intervention, simulation } = await discoveredCycle(world);
    await threeTimes(() => world.stores.interventions.save(cycleId, [intervention], [simulation], STAMP));
    expect(await world.stores.interventions.list(cycleId)).toEqual([intervention]);
    expect(await world.stores.interventions.get(intervention.id)).toEqual(intervention);
    expect(await world.stores.simulations.list(cycleId)).toEqual([
      { ...simulation, state: 'planned', result: null },
    ]);
    expect(await world.audited(finding.id, 'interventions_designed')).toBe(1);
    await expect(world.stores.interventions.get(randomUUID())).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a simulation', () => {
  it('begins once and tells a retry what is recorded', async () => {
    const { cycleId, intervention, simulation, runs } = await discoveredCycle(world);
    const begin = () => world.stores.simulations.begin(cycleId, intervention.id);
    for (const begun of await threeTimes(begin)) {
      expect(begun).toEqual({ simulation: { ...simulation, state: 'running', result: null }, recorded: [] });
    }
    const replays = [
      replayOf(simulation.id, 0, 'baseline', runs[0]!.id),
      replayOf(simulation.id, 0, 'candidate', runs[0]!.id),
    ];
    await threeTimes(() => world.stores.simulations.recordReplays(simulation.id, replays, []));
    expect((await begin()).recorded).toEqual(replays);
    expect(await world.audited(simulation.id, 'simulation_started')).toBe(1);
    expect((await world.stores.cycles.progress(cycleId)).phase).toBe('simulation');
  });

  it('keeps its first end', async () => {
    const { cycleId, intervention, simulation } = await discoveredCycle(world);
    const { simulations } = world.stores;
    await simulations.begin(cycleId, intervention.id);
    await threeTimes(() => simulations.finish(simulation.id, IMPROVED));
    await simulations.finish(simulation.id, { ...IMPROVED, verdict: 'degraded' });
    await simulations.skip(simulation.id, 'budget', 'late');
    const { simulation: stands } = await simulations.begin(cycleId, intervention.id);
    expect(stands).toMatchObject({ state: 'done', result: IMPROVED });
    expect(await world.audited(simulation.id, 'simulation_finished')).toBe(1);
    expect(await world.audited(simulation.id, 'simulation_skipped')).toBe(0);
  });

  it('skipped has no result', async () => {
    const { cycleId, intervention, simulation } = await discoveredCycle(world);
    await threeTimes(() => world.stores.simulations.skip(simulation.id, 'expired', 'nobody answered'));
    await world.stores.simulations.finish(simulation.id, IMPROVED);
    const { simulation: stands } = await world.stores.simulations.begin(cycleId, intervention.id);
    expect(stands).toMatchObject({ state: 'skipped', result: null });
    expect(await world.audited(simulation.id, 'simulation_skipped')).toBe(1);
  });

  it('that nobody planned is not found', async () => {
    await expect(world.stores.simulations.begin(randomUUID(), randomUUID())).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
