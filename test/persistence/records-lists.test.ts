import { createRecords } from '../../src/persistence/records';
import { recordId } from '../../src/persistence/record-id';
import { RESOURCES, type Records, type Resource } from '../../src/ports/records';
import { cycleInput, startStores, type StoredWorld } from '../support/stored-cycle';
import { wholeCycle } from '../support/whole-cycle';

let world: StoredWorld;
let records: Records;
beforeAll(async () => {
  world = await startStores();
  records = createRecords(world.prisma);
}, 60_000);
afterAll(() => world?.stop());

/** Every page of a list, as a caller that follows the cursors sees them. */
async function everyId(
  resource: Resource,
  filters: Readonly<Record<string, string>>,
  limit: number,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<unknown[]> {
  const ids: unknown[] = [];
  let cursor: string | null = null;
  do {
    const query = { limit, filters, ...(cursor === null ? {} : { cursor }) };
    const page = await records.list(resource, query);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    await between();
  } while (cursor !== null);
  return ids;
}

describe('lists', () => {
  it.each([1, 2, 3, 100])('give every record once, newest first, in pages of %d', async (limit) => {
    const target = `paged by ${limit}`;
    const opened: string[] = [];
    for (let index = 0; index < 5; index++) {
      const input = cycleInput(target);
      await world.stores.cycles.open(input);
      opened.push(input.cycleId);
    }
    // Three at one moment: there the ids decide.
    const moments = [3, 1, 1, 1, 2].map((ms) => new Date(Date.UTC(2026, 0, 1, 0, 0, 0, ms)));
    for (const [index, id] of opened.entries()) {
      await world.prisma.researchCycle.update({ where: { id }, data: { createdAt: moments[index]! } });
    }
    const [newest, ...rest] = opened;
    const second = rest.pop();
    const expected = [newest, second, ...rest.toSorted().toReversed()];
    expect(await everyId('cycles', { target }, limit)).toEqual(expected);
  });

  it('neither repeat nor miss a record while others are written', async () => {
    const target = 'crowded';
    const before: string[] = [];
    for (let index = 0; index < 12; index++) {
      const input = cycleInput(target);
      await world.stores.cycles.open(input);
      before.push(input.cycleId);
    }
    const ids = await everyId('cycles', { target }, 2, () =>
      Promise.all([1, 2, 3].map(() => world.stores.cycles.open(cycleInput(target)))),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids)).toEqual(new Set(before));
  });

  it('refuse a cursor that they did not give', async () => {
    for (let index = 0; index < 2; index++) await world.stores.cycles.open(cycleInput('cursors'));
    const { nextCursor } = await records.list('cycles', { limit: 1, filters: { target: 'cursors' } });
    const good = nextCursor ?? '';
    const uuid = recordId('x');
    const forged = [
      '',
      'x',
      `${good}A`,
      good.slice(0, -2),
      Buffer.from(`cycles 2026-99-01T00:00:00.000Z ${uuid}`).toString('base64url'),
      Buffer.from(`cycles 2026-01-01 ${uuid}`).toString('base64url'),
      Buffer.from(`cycles 2026-01-01T00:00:00.000Z ' OR true`).toString('base64url'),
      Buffer.from(`cycles +275760-09-13T00:00:00.000Z ${uuid} more`).toString('base64url'),
    ];
    for (const cursor of forged) {
      await expect(records.list('cycles', { limit: 1, filters: {}, cursor })).rejects.toMatchObject({
        code: 'invalid_cursor',
      });
    }
    await expect(records.list('failures', { limit: 1, filters: {}, cursor: good })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it.each(RESOURCES)('of %s take each of their filters, and any value', async (resource) => {
    for (const name of records.filters[resource]) {
      for (const value of [recordId('nobody'), "' OR 1=1 --", 'a\0b', '']) {
        const page = await records.list(resource, { limit: 5, filters: { [name]: value } });
        expect(page).toEqual({ items: [], nextCursor: null });
      }
    }
    await expect(records.list(resource, { limit: 5, filters: { password: 'x' } })).rejects.toThrow(
      'cannot be filtered',
    );
  });

  it('filter by what a record says of itself', async () => {
    const { cycleId } = await wholeCycle(world, 'filtered');
    const ofCycles = RESOURCES.filter((name) => name !== 'cycles' && name !== 'tool_executions');
    for (const resource of ofCycles) {
      const { items } = await records.list(resource, { limit: 10, filters: { cycle_id: cycleId } });
      expect(items.length).toBeGreaterThan(0);
      for (const name of records.filters[resource]) {
        const value = items[0]![name];
        if (typeof value !== 'string') continue;
        const filters = { cycle_id: cycleId, [name]: value };
        const found = await records.list(resource, { limit: 10, filters });
        expect(found.items).toContainEqual(items[0]);
      }
    }
  });
});
