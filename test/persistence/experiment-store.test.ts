import { randomUUID } from 'node:crypto';
import {
  STAMP,
  cycleInput,
  designedCycle,
  designsOf,
  hypothesesOf,
  runOf,
  startStores,
  threeTimes,
  type StoredWorld,
} from '../support/stored-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

describe('hypotheses and designs', () => {
  it('are written once and listed by priority, then position', async () => {
    const input = cycleInput();
    const { cycleId } = input;
    await world.stores.cycles.open(input);
    const hypotheses = hypothesesOf(cycleId);
    await threeTimes(() => world.stores.hypotheses.save(cycleId, hypotheses, STAMP));
    expect(await world.stores.hypotheses.list(cycleId)).toEqual([hypotheses[1], hypotheses[0]]);
    expect(await world.audited(cycleId, 'hypotheses_generated')).toBe(1);

    const designs = designsOf(cycleId, hypotheses);
    await threeTimes(() => world.stores.experiments.saveDesigns(cycleId, designs, STAMP));
    const state = { state: 'designed', mode: null, runsPermitted: null };
    const expected = [designs[1], designs[0]].map((design) => ({ ...design, ...state }));
    expect(await world.stores.experiments.list(cycleId)).toEqual(expected);
    expect(await world.stores.experiments.get(designs[0]!.id)).toEqual(expected[1]);
    expect(await world.audited(hypotheses[0]!.id, 'experiments_designed')).toBe(1);
    expect((await world.stores.cycles.progress(cycleId)).phase).toBe('experiment_design');
  });

  it('may be saved hypothesis by hypothesis', async () => {
    const { cycleId, hypotheses, designs } = await designedCycle(world);
    const more = { ...designs[0]!, id: randomUUID(), ordinal: 1 };
    await world.stores.experiments.saveDesigns(cycleId, [designs[0]!, more], STAMP);
    expect(await world.stores.experiments.list(cycleId)).toHaveLength(3);
    expect(await world.audited(hypotheses[0]!.id, 'experiments_designed')).toBe(1);
  });

  it('are unknown until then', async () => {
    await expect(world.stores.experiments.get(randomUUID())).rejects.toMatchObject({ code: 'not_found' });
    await expect(world.stores.experiments.begin(randomUUID(), 'lab', 1)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('an experiment', () => {
  it('begins once, and tells a retry what is recorded', async () => {
    const { cycleId, designs } = await designedCycle(world);
    const { id } = designs[0]!;
    const begun = await threeTimes(() => world.stores.experiments.begin(id, 'shadow', 2));
    for (const { experiment, recorded } of begun) {
      expect(experiment).toMatchObject({ id, state: 'running', mode: 'shadow', runsPermitted: 2 });
      expect(recorded).toEqual([]);
    }
    await world.stores.experiments.recordRuns(id, cycleId, [runOf(id, 1, 'held')], []);
    const again = await world.stores.experiments.begin(id, 'production', 1);
    expect(again.experiment).toMatchObject({ state: 'running', mode: 'shadow', runsPermitted: 2 });
    expect(again.recorded).toEqual([{ ordinal: 1, outcome: 'held' }]);
    expect(await world.audited(id, 'experiment_started')).toBe(1);
    expect((await world.stores.cycles.progress(cycleId)).phase).toBe('execution');
  });

  it('keeps each run once, as it was recorded first, with its bill', async () => {
    const { cycleId, designs } = await designedCycle(world);
    const { id } = designs[0]!;
    await world.stores.experiments.begin(id, 'lab', 2);
    const [reservation] = await world.ledger.reserve({
      cycleId,
      scopes: [],
      entries: [{ operation: `run/${id}/0`, source: 'target', model: 'demo-1', amountMicroUsd: 100 }],
    });
    const key = reservation?.admitted === true ? reservation.key : '';
    const runs = [runOf(id, 0, 'failed'), runOf(id, 1, 'unassessed')];
    const bill = [{ key, outcome: 'settled', amountMicroUsd: 12 } as const];
    await threeTimes(() => world.stores.experiments.recordRuns(id, cycleId, runs, bill));
    await world.stores.experiments.recordRuns(id, cycleId, [runOf(id, 0, 'held')], []);

    const stored = runs.map((run) => ({ ...run, experimentId: id }));
    expect(await world.stores.experiments.runsOfCycle(cycleId)).toEqual(stored);
    expect(await world.stores.experiments.runs([runs[1]!.id])).toEqual([stored[1]]);
    expect(await world.stores.cycles.progress(cycleId)).toMatchObject({
      runsDone: 2,
      spentMicroUsd: 12,
      heldMicroUsd: 0,
    });
  });

  it('keeps what a target said even where PostgreSQL has no such character', async () => {
    const { cycleId, designs } = await designedCycle(world);
    const { id } = designs[0]!;
    const run = runOf(id, 0, 'held');
    const said = String.raw`back\u0000slash` + '\0\uDFFF 😀';
    const transcript = { ...run.transcript, messages: [{ role: 'user' as const, content: said }] };
    await world.stores.experiments.recordRuns(id, cycleId, [{ ...run, transcript, detail: '\0' }], []);
    const [stored] = await world.stores.experiments.runs([run.id]);
    expect(stored?.transcript.messages[0]?.content).toBe(String.raw`back\u0000slash` + '\uFFFD\uFFFD 😀');
    expect(stored?.detail).toBe('\uFFFD');
  });

  it('writes neither run nor bill when one of them cannot be written', async () => {
    const { cycleId, designs } = await designedCycle(world);
    const { id } = designs[0]!;
    const [reservation] = await world.ledger.reserve({
      cycleId,
      scopes: [],
      entries: [{ operation: `run/${id}/0`, source: 'target', model: 'demo-1', amountMicroUsd: 100 }],
    });
    const key = reservation?.admitted === true ? reservation.key : '';
    const impossible = { ...runOf(id, 0, 'held'), reason: 'timeout' as const };
    const write = world.stores.experiments.recordRuns(
      id,
      cycleId,
      [impossible],
      [{ key, outcome: 'settled', amountMicroUsd: 1 }],
    );
    await expect(write).rejects.toThrow('experiment_runs_unassessed_check');
    expect(await world.stores.cycles.progress(cycleId)).toMatchObject({ runsDone: 0, heldMicroUsd: 100 });
  });

  it('finishes once and counts its runs every time', async () => {
    const { cycleId, designs } = await designedCycle(world);
    const { id } = designs[0]!;
    await world.stores.experiments.begin(id, 'lab', 2);
    const runs = [runOf(id, 0, 'failed'), runOf(id, 1, 'held'), runOf(id, 2, 'unassessed')];
    await world.stores.experiments.recordRuns(id, cycleId, runs, []);
    const triggers = [
      {
        trigger: 'a sum',
        verdict: 'established' as const,
        likelihoodRatio: 400,
        p0: 0.01,
        p1: 0.2,
        error: 0.01,
      },
    ];
    const counts = await threeTimes(() => world.stores.experiments.finish(id, { afterRuns: 3, triggers }));
    expect(counts).toEqual(Array.from({ length: 3 }, () => ({ failed: 1, held: 1, unassessed: 1 })));
    await world.stores.experiments.skip(id, 'budget', 'late');
    expect((await world.stores.experiments.get(id)).state).toBe('done');
    const row = await world.prisma.experiment.findUniqueOrThrow({ where: { id } });
    expect(row.stoppedEarly).toEqual({ afterRuns: 3, triggers });
    expect(await world.audited(id, 'experiment_finished')).toBe(1);
    expect(await world.audited(id, 'experiment_skipped')).toBe(0);
  });

  it('skipped stays skipped', async () => {
    const { designs } = await designedCycle(world);
    const { id } = designs[0]!;
    await threeTimes(() => world.stores.experiments.skip(id, 'blocked', 'policy'));
    await world.stores.experiments.skip(id, 'failed', 'later');
    const { experiment } = await world.stores.experiments.begin(id, 'lab', 2);
    expect(experiment).toMatchObject({ state: 'skipped', mode: null });
    await world.stores.experiments.finish(id, null);
    const row = await world.prisma.experiment.findUniqueOrThrow({ where: { id } });
    expect(row).toMatchObject({ state: 'skipped', skipReason: 'blocked', detail: 'policy' });
    expect(await world.audited(id, 'experiment_skipped')).toBe(1);
  });

  it('that broke is failed, with what it had recorded', async () => {
    const { cycleId, designs } = await designedCycle(world);
    const { id } = designs[0]!;
    await world.stores.experiments.begin(id, 'lab', 2);
    await world.stores.experiments.recordRuns(id, cycleId, [runOf(id, 0, 'held')], []);
    await world.stores.experiments.skip(id, 'failed', 'the activity gave up');
    expect((await world.stores.experiments.get(id)).state).toBe('failed');
    expect((await world.stores.cycles.progress(cycleId)).runsDone).toBe(1);
  });
});
