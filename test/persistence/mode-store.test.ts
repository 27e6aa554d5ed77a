import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { createStores } from '../../src/persistence/stores';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

let database: TestDatabase;
let prisma: PrismaClient;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.url, { poolSize: 5 });
}, 60_000);
afterAll(async () => {
  await closePrisma(prisma);
  await database.drop();
});

describe('the mode', () => {
  it('is missing in an empty database, then set by the first who asks and by nobody else', async () => {
    const { mode } = createStores(prisma);
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
    const [transition, ...others] = await prisma.modeTransition.findMany();
    expect(transition).toMatchObject({ fromMode: null, toMode: stands.mode, version: 1 });
    expect(others).toEqual([]);
    expect(await prisma.auditLog.count({ where: { eventType: 'mode_initialised' } })).toBe(1);
  });
});
