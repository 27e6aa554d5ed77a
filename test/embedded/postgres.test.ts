import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres';
import { fastestFolder } from '../support/fastest-folder';

let folder: string;
let running: EmbeddedPostgres[];
beforeEach(async () => {
  folder = await mkdtemp(join(await fastestFolder(), 'tinman-embedded-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(dataDir = join(folder, 'postgres')): Promise<EmbeddedPostgres> {
  const log = { info: () => undefined, warn: () => undefined };
  const server = await startEmbeddedPostgres({ dataDir, log, settings: { fsync: 'off' } });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const note = (url: string): Promise<unknown> =>
  query(url, 'CREATE TABLE notes (text text); INSERT INTO notes VALUES (1)');
const notes = (url: string): Promise<unknown> => query(url, 'SELECT text FROM notes');
const NOTED = [{ text: '1' }];

/** Changes what the last start left behind, as a crash would have. */
async function rewriteInstance(change: Record<string, unknown>): Promise<void> {
  const file = join(folder, 'postgres', 'instance.json');
  const instance: unknown = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify(Object.assign({}, instance, change)));
}

const GONE = { pid: spawnSync('true').pid, started: 'long ago' };

describe('embedded PostgreSQL', () => {
  it('finds its data, its port and its password again after a stop', async () => {
    const first = await start();
    await note(first.url);
    await first.stop();
    await first.ended;
    await expect(query(first.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');

    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await notes(second.url)).toEqual(NOTED);
  }, 30_000);

  it('is open to whoever has the password, which only its owner can read', async () => {
    const { url } = await start();
    const stranger = new URL(url);
    stranger.password = 'guess';
    await expect(query(stranger.toString(), 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    expect((await stat(join(folder, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
    expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  }, 30_000);

  it("has the service's role, also in a folder of a version without it", async () => {
    const first = await start();
    const who = 'SELECT current_user::text AS role, current_database()::text AS name';
    expect(await query(first.serviceUrl, who)).toEqual([{ role: 'tinman_service', name: 'tinman' }]);
    await query(first.url, 'DROP ROLE tinman_service');
    await first.stop();
    await rm(join(folder, 'postgres', 'service-password'));

    const second = await start();
    expect(second.serviceUrl).not.toBe(first.serviceUrl);
    expect(await query(second.serviceUrl, who)).toEqual([{ role: 'tinman_service', name: 'tinman' }]);
    expect((await stat(join(folder, 'postgres', 'service-password'))).mode & 0o777).toBe(0o600);
  }, 30_000);

  it('has what was committed when the postmaster was killed', async () => {
    const first = await start();
    await note(first.url);
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    const second = await start();
    expect(await notes(second.url)).toEqual(NOTED);
  }, 30_000);

  it('takes over from a process that was killed and left its server running', async () => {
    const first = await start();
    await note(first.url);
    await rewriteInstance({ owner: GONE });
    const second = await start();
    await first.ended;
    expect(await notes(second.url)).toEqual(NOTED);
  }, 30_000);

  it('is not misled by a lock whose number is now that of another program', async () => {
    const first = await start();
    await note(first.url);
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    const other = process.ppid;
    const lockFile = join(folder, 'postgres', 'cluster', 'postmaster.pid');
    const lock = await readFile(lockFile, 'utf8');
    await writeFile(lockFile, lock.replace(/^\d+/, String(other)));
    await rewriteInstance({ owner: GONE, postmaster: { pid: other, started: 'long ago' } });
    const second = await start();
    expect(await notes(second.url)).toEqual(NOTED);
  }, 30_000);

  it('refuses a folder whose server belongs to a living process', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(`is in use by process ${process.pid}`);
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  }, 30_000);

  it('begins again where the first start was cut off', async () => {
    await mkdir(join(folder, 'postgres', 'cluster.new'), { recursive: true });
    await writeFile(join(folder, 'postgres', 'cluster.new', 'PG_VERSION'), '18');
    const { url } = await start();
    expect(await query(url, 'SELECT current_database() AS name')).toEqual([{ name: 'tinman' }]);
  }, 30_000);

  it('runs below a folder that is closed to other accounts', async () => {
    await chmod(folder, 0o700);
    const { url } = await start();
    await note(url);
    expect(await notes(url)).toEqual(NOTED);
  }, 30_000);

  it('says why it does not start', async () => {
    const server = await start();
    await server.stop();
    await writeFile(join(folder, 'postgres', 'cluster', 'PG_VERSION'), '9\n');
    await expect(start()).rejects.toThrow(/did not start: .*(incompatible|version)/);
  }, 30_000);
});
