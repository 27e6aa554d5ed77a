import { createMemoryRecords } from '../../src/persistence/memory-records';
import { recordId } from '../../src/persistence/record-id';
import type { EdgeKind, MemoryEdge, MemoryNode, NodeKind } from '../../src/domain/memory';
import type { MemoryRecords } from '../../src/ports/memory-records';
import { discoveredCycle, startStores, type StoredWorld } from '../support/stored-cycle';

const at = (day: number) => new Date(Date.UTC(2026, 0, day));

const node = (kind: NodeKind, label: string, day: number, data = {}): MemoryNode => ({
  id: recordId('node', kind, label),
  kind,
  key: label,
  label,
  data,
  validFrom: at(day),
  validTo: null,
});
const edge = (kind: EdgeKind, from: MemoryNode, to: MemoryNode, day: number): MemoryEdge => ({
  id: recordId('edge', kind, from.id, to.id),
  kind,
  fromId: from.id,
  toId: to.id,
  validFrom: at(day),
  validTo: null,
});

const DECIMALS = node('failure_mode', 'logic_error: compares decimals of unequal length', 1, {
  target: 'shop',
  failureType: 'logic_error',
});
const LOOP = node('failure_mode', 'tool_loop: asks the stock 100% of the time', 2, {
  target: 'bank',
  failureType: 'tool_loop',
});
const PATCH = node('intervention', 'Pad decimals', 3);
const REPLAY = node('simulation', 'improved', 4);

let world: StoredWorld;
let memory: MemoryRecords;
beforeAll(async () => {
  world = await startStores();
  memory = createMemoryRecords(world.prisma);
  await world.stores.memory.write(
    [DECIMALS, LOOP, PATCH, REPLAY],
    [edge('addressed_by', DECIMALS, PATCH, 3), edge('simulated_by', PATCH, REPLAY, 4)],
  );
}, 60_000);
afterAll(() => world?.stop());

const search = async (filter: Parameters<MemoryRecords['search']>[0], limit = 10) =>
  (await memory.search(filter, { limit })).items.map(({ label }) => label);

describe('a search of the memory', () => {
  it('finds what is spelt alike, the likest first', async () => {
    expect(await search({ q: 'decimal comparsion of unequal lengths' })).toEqual([DECIMALS.label]);
    expect(await search({ q: 'decimals' })).toEqual([PATCH.label, DECIMALS.label]);
    expect(await search({ q: 'nothing of the kind' })).toEqual([]);
  });

  it.each(['100%', '%', '_', "'; DROP TABLE memory_nodes; --", '\\', 'x'.repeat(500)])(
    'takes %p for what it is',
    async (q) => {
      const holding = [LOOP.label, DECIMALS.label].filter((label) => label.includes(q));
      expect(await search({ q, kind: 'failure_mode' })).toEqual(holding);
    },
  );

  it('filters, pages, and looks back', async () => {
    expect(await search({ target: 'bank' })).toEqual([LOOP.label]);
    expect(await search({ failureType: 'logic_error', kind: 'failure_mode' })).toEqual([DECIMALS.label]);
    expect(await search({ asOf: at(2) })).toEqual([LOOP.label, DECIMALS.label]);
    const first = await memory.search({}, { limit: 3 });
    expect(first.items.map(({ label }) => label)).toEqual([REPLAY.label, PATCH.label, LOOP.label]);
    const rest = await memory.search({}, { limit: 3, cursor: first.nextCursor ?? '' });
    expect([rest.items.map(({ label }) => label), rest.nextCursor]).toEqual([[DECIMALS.label], null]);
    await expect(memory.search({}, { limit: 3, cursor: 'bogus' })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });
});

describe('the neighbours of a node', () => {
  it('are those within so many steps, by the relation, as of then', async () => {
    const near = await memory.neighbours(DECIMALS.id, { depth: 1 });
    expect(near).toMatchObject({ nodes: [{ id: PATCH.id, distance: 1 }], truncated: false });
    const far = await memory.neighbours(DECIMALS.id, { depth: 3 });
    expect(far).toMatchObject({
      nodes: [{ id: PATCH.id }, { id: REPLAY.id, distance: 2 }],
      edges: [{ kind: 'addressed_by' }, { kind: 'simulated_by' }],
    });
    expect(await memory.neighbours(DECIMALS.id, { depth: 3, asOf: at(3) })).toMatchObject({
      nodes: [{ id: PATCH.id }],
    });
    expect(await memory.neighbours(DECIMALS.id, { depth: 3, relation: 'simulated_by' })).toMatchObject({
      nodes: [],
    });
    expect(await memory.neighbours(REPLAY.id, { depth: 1, asOf: at(3) })).toBeUndefined();
    expect(await memory.node(DECIMALS.id)).toMatchObject({ label: DECIMALS.label });
    expect(await memory.node(REPLAY.id, at(3))).toBeUndefined();
  });

  it('are no more than two hundred', async () => {
    const hub = node('experiment', 'hub', 1);
    const spokes = Array.from({ length: 205 }, (_, i) => node('run', `run ${i}`, 1));
    await world.stores.memory.write(
      [hub, ...spokes],
      spokes.map((run) => edge('executed_as', hub, run, 1)),
    );
    const around = await memory.neighbours(hub.id, { depth: 1 });
    expect(around).toMatchObject({ truncated: true });
    expect(around?.['nodes']).toHaveLength(200);
  });
});

describe('the story of a failure', () => {
  it('leads from its hypothesis to what was done, and shows every finding with its rate', async () => {
    const before = new Date();
    const { finding, cycleId } = await discoveredCycle(world, 'told');
    expect(await memory.lineage(finding.id)).toMatchObject({
      failure: { id: finding.id, state: 'open', rate: { n: 2, count: 1 } },
      cycle: { id: cycleId, target: 'told' },
      hypothesis: { expected_failure: expect.any(String) as unknown },
      failed_runs: [{ ordinal: expect.any(Number) as unknown }],
      previous: null,
    });
    await world.prisma.failure.update({
      where: { id: finding.id },
      data: { state: 'resolved', stateChangedAt: new Date(Date.now() + 60_000), stateSetBy: 'ana' },
    });
    const later = new Date(Date.now() + 120_000);
    expect(await memory.evolution(finding.id, later)).toMatchObject({
      findings: [{ state: 'resolved', state_set_by: 'ana', rate: { low: expect.any(Number) as unknown } }],
    });
    expect(await memory.evolution(finding.id, new Date())).toMatchObject({ findings: [{ state: 'open' }] });
    expect(await memory.lineage(finding.id, before)).toBeUndefined();
    expect(await memory.evolution(recordId('none'))).toBeUndefined();
  });

  it('is part of what is believed of its target', async () => {
    const [belief, ...others] = await memory.beliefs('told');
    expect(others).toEqual([]);
    expect(belief).toMatchObject({
      failure_type: 'logic_error',
      assessed_runs: 2,
      failed_runs: 1,
      alpha: 1.5,
      beta: 1.5,
      rate: 0.5,
      last_seen_days_ago: 0,
      failures: { resolved: 1 },
    });
    expect(await memory.beliefs('told', at(1))).toEqual([]);
  });
});
