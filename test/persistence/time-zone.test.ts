import { Client } from 'pg';
import { closeDatabase, openDatabase } from '../../src/persistence/client';
import { createRecords } from '../../src/persistence/records';
import { createStores } from '../../src/persistence/stores';
import { createTestDatabase } from '../support/postgres';
import { cycleInput } from '../support/stored-cycle';

it('times are the same on a server of another time zone', async () => {
  const database = await createTestDatabase();
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(
    `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET timezone = 'Asia/Kolkata'`,
  );
  await owner.end();
  const connected = openDatabase(database.url, { poolSize: 2 });
  try {
    const stores = createStores(connected);
    await stores.mode.initialise('lab', 'test');
    const input = cycleInput();
    const opened = await stores.cycles.open(input);
    expect(Math.abs(opened.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect((await stores.cycles.get(input.cycleId)).createdAt).toEqual(opened.createdAt);
    expect(await createRecords(connected.prisma).get('cycles', input.cycleId)).toMatchObject({
      created_at: opened.createdAt.toISOString(),
    });
  } finally {
    await closeDatabase(connected);
    await database.drop();
  }
});
