import { closeDatabase, openDatabase, type Database } from '../../src/persistence/client';
import { createStores } from '../../src/persistence/stores';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

let database: TestDatabase;
let opened: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  opened = openDatabase(database.url, { poolSize: 5 });
}, 60_000);
afterAll(async () => {
  await closeDatabase(opened);
  await database.drop();
});

describe('the mode', () => {
  it('is missing in an empty database, then set by the first who asks and by nobody else', async () => {
    const { mode } = createStores(opened);
    await expect(mode.current()).rejects.toMatchObject({ code: 'not_ready' });
    const answers = await Promise.all([
      mode.initialise('lab', 'start'),
      mode.initialise('shadow', 'compose'),
      mode.initialise('shadow', 'compose'),
    ]);
    const stands = await mode.current();
    expect(answers).toEqual([stands, stands, stands]);
    expect(stands.version).toBe(1);
    expect(await mode.initialise('production', 'late')).toEqual(stands);
    const [transition, ...others] = await opened.prisma.modeTransition.findMany();
    expect(transition).toMatchObject({ fromMode: null, toMode: stands.mode, version: 1 });
    expect(others).toEqual([]);
    expect(await opened.prisma.auditLog.count({ where: { eventType: 'mode_initialised' } })).toBe(1);
  });
});
