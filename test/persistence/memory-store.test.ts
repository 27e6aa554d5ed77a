import { sample, string } from 'fast-check';
import { trigramSimilarity, trigramsOf } from '../../src/domain/trigrams';
import { recordId } from '../../src/persistence/record-id';
import {
  designedCycle,
  discoveredCycle,
  startStores,
  threeTimes,
  type StoredWorld,
} from '../support/stored-cycle';
import type { EdgeKind, MemoryEdge, MemoryNode, NodeKind } from '../../src/domain/memory';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

const at = (day: number) => new Date(Date.UTC(2026, 0, day));

const node = (kind: NodeKind, key: string, from: number, to: number | null = null): MemoryNode => ({
  id: recordId('node', kind, key),
  kind,
  key,
  label: `${kind} ${key}`,
  data: { since: from },
  validFrom: at(from),
  validTo: to === null ? null : at(to),
});

const edge = (
  kind: EdgeKind,
  from: MemoryNode,
  to: MemoryNode,
  since: number,
  until: number | null = null,
): MemoryEdge => ({
  id: recordId('edge', kind, from.id, to.id),
  kind,
  fromId: from.id,
  toId: to.id,
  validFrom: at(since),
  validTo: until === null ? null : at(until),
});

describe('the snapshot', () => {
  it('counts what was tried on the target in other cycles, and knows the failures', async () => {
    const { cycleId, finding, designs } = await discoveredCycle(world, 'remembered');
    await designedCycle(world, 'remembered'); // designed only: nothing was tried
    await discoveredCycle(world, 'forgotten');
    const snapshot = await world.stores.memory.snapshot('remembered', recordId('none'));
    expect(snapshot.history).toEqual([
      {
        failureType: 'logic_error',
        experiments: 1,
        assessedRuns: 2,
        failedRuns: 1,
        observations: [{ failed: 1, held: 1, age: 0 }],
        runMicroUsd: expect.any(Number) as unknown,
      },
    ]);
    expect(snapshot.knownFailures.map(({ failureId }) => failureId)).toEqual([finding.id]);
    const once = { failed: 1, held: 1, age: 0 };
    const statement = 'shows logic_error';
    expect(snapshot.testedHypotheses).toEqual([
      { failureType: 'logic_error', statement, observations: [once] },
    ]);
    expect(await world.stores.memory.snapshot('remembered', cycleId)).toEqual({
      history: [],
      knownFailures: [],
      testedHypotheses: [],
    });

    // An experiment that was begun counts, with no run as with many.
    await world.stores.experiments.begin(designs[1]!.id, 'lab', 2);
    const { history } = await world.stores.memory.snapshot('remembered', recordId('none'));
    expect(history[1]).toEqual({
      failureType: 'tool_loop',
      experiments: 1,
      assessedRuns: 0,
      failedRuns: 0,
      observations: [],
      runMicroUsd: null,
    });

    // What was seen before a failure was resolved is of another target, so to speak.
    await world.prisma.failure.update({
      where: { id: finding.id },
      data: { state: 'resolved', stateChangedAt: new Date() },
    });
    const after = await world.stores.memory.snapshot('remembered', recordId('none'));
    expect(after.history[0]).toMatchObject({ failedRuns: 1, observations: [] });
    expect(after.testedHypotheses).toEqual([{ failureType: 'logic_error', statement, observations: [] }]);

    // A statement that another cycle tested too is one hypothesis, the same for whoever asks again.
    await discoveredCycle(world, 'remembered');
    const again = await world.stores.memory.snapshot('remembered', recordId('none'));
    expect(again.testedHypotheses).toEqual([{ failureType: 'logic_error', statement, observations: [once] }]);
    expect(await world.stores.memory.snapshot('remembered', recordId('none'))).toEqual(again);
  });

  it('measures likeness as PostgreSQL does', async () => {
    const texts = sample(string({ unit: 'binary-ascii', maxLength: 30 }), { numRuns: 200, seed: 1 });
    const pairs = texts
      .map((text) => text.replaceAll('\0', ' '))
      .flatMap((text, i, all) => [
        [text, all[i + 1] ?? ''],
        [text, `${text} ${all[i + 1] ?? ''}`],
      ]);
    const rows = await world.prisma.$queryRaw<{ likeness: number }[]>`
      SELECT similarity(a, b) AS likeness
      FROM unnest(${pairs.map(([a]) => a)}::text[], ${pairs.map(([, b]) => b)}::text[]) WITH ORDINALITY AS pair(a, b, n)
      ORDER BY n`;
    const ours = pairs.map(([a = '', b = '']) => trigramSimilarity(trigramsOf(a), trigramsOf(b)));
    expect(rows.map(({ likeness }) => likeness.toFixed(5))).toEqual(ours.map((one) => one.toFixed(5)));
    expect(ours.filter((one) => one > 0 && one < 1).length).toBeGreaterThan(100);
  });
});

describe('the graph', () => {
  const failure = node('failure_mode', 'sum', 1);
  const replaced = node('intervention', 'patch 1', 2, 5);
  const current = node('intervention', 'patch 2', 5);
  const edges = [
    edge('addressed_by', failure, replaced, 2, 5),
    edge('addressed_by', failure, current, 5),
    edge('evolved_into', replaced, current, 5),
  ];

  it('holds each node and edge once, as written first', async () => {
    const { memory } = world.stores;
    await threeTimes(() => memory.write([failure, replaced, current], edges));
    await memory.write([{ ...failure, label: 'another' }], []);
    const found = await memory.nodes({ kind: 'failure_mode', limit: 10 });
    expect(found).toEqual([failure]);
    expect(await world.prisma.memoryEdge.count()).toBe(edges.length);
  });

  it('answers as of any moment, and what holds now', async () => {
    const { memory } = world.stores;
    const keys = async (asOf?: Date) =>
      (await memory.nodes({ limit: 10, ...(asOf === undefined ? {} : { asOf }) })).map(({ key }) => key);
    expect(await keys(new Date(at(1).getTime() - 1))).toEqual([]);
    expect(await keys(at(1))).toEqual(['sum']);
    expect(await keys(at(4))).toEqual(['patch 1', 'sum']);
    expect(await keys(at(5))).toEqual(['patch 2', 'sum']);
    expect(await keys()).toEqual(['patch 2', 'sum']);
    expect(await memory.nodes({ key: 'patch 1', limit: 10 })).toEqual([]);
    expect(await memory.nodes({ asOf: at(5), limit: 1 })).toEqual([current]);
  });

  it('shows neighbours in both directions', async () => {
    const { memory } = world.stores;
    expect(await memory.neighbours(failure.id, at(3))).toEqual([{ edge: edges[0], node: replaced }]);
    expect(await memory.neighbours(failure.id)).toEqual([{ edge: edges[1], node: current }]);
    expect(await memory.neighbours(current.id)).toEqual([{ edge: edges[1], node: failure }]);
    expect(await memory.neighbours(recordId('unknown'))).toEqual([]);
  });
});
