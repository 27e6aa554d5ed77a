import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { z } from 'zod';
import {
  initialiseCluster,
  logTail,
  openPostgresHome,
  POSTGRES_USER,
  SERVICE_USER,
  type PostgresHome,
} from './postgres-cluster';
import { identify, isRunning, type ProcessIdentity } from './process-identity';
import type { Logger } from '../ports/logger';

/** A PostgreSQL server that belongs to this process. */
export interface EmbeddedPostgres {
  /** Of the database `tinman` as its owner, with the password. */
  readonly url: string;
  /** The same as the service's role, which has the rights that a deploy of the migrations gives it. */
  readonly serviceUrl: string;
  /** Of the postmaster. */
  readonly pid: number;
  /** Settles when the server has ended, by `stop` or by itself. */
  readonly ended: Promise<void>;
  /** Ends sessions, writes everything out and waits for the end. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Folder for everything the server keeps; made when missing. */
  readonly dataDir: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Server settings over the defaults, as for `postgres -c`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const identitySchema = z.object({ pid: z.number(), started: z.string() });
/** What a start leaves behind: whose server it is, and where it listened. */
const instanceSchema = z.object({ owner: identitySchema, postmaster: identitySchema, port: z.number() });
type Instance = z.infer<typeof instanceSchema>;

const DATABASE = 'tinman';
const START_ATTEMPTS = 5;
/** The port was taken meanwhile, or children of a killed postmaster are not gone yet. */
const PASSING_FAILURE = /Address already in use|pre-existing shared memory block/;
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * Starts the server over `dataDir`, on loopback at the port of last time or a free one. An earlier server whose owner
 * died is stopped first; its data is found again.
 * @throws when another living process has its server there, or when it does not start (with the server's own words).
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = await openPostgresHome(resolve(options.dataDir));
  const earlier = await readInstance(home);
  await takeOver(home, earlier, options);
  await initialiseCluster(home);

  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? earlier?.port : undefined);
    try {
      const server = await startServer(home, port, options.settings ?? {});
      options.log.info({ port, pid: server.pid, dataDir: options.dataDir }, 'PostgreSQL started');
      return server;
    } catch (error) {
      if (attempt === START_ATTEMPTS || !PASSING_FAILURE.test(String(error))) throw error;
      await sleep(attempt * 300);
    }
  }
}

/** Where the server over `dataDir` listens, whoever started it; undefined when none runs. */
export async function runningPostgres(
  dataDir: string,
): Promise<Pick<EmbeddedPostgres, 'url' | 'serviceUrl'> | undefined> {
  if (!existsSync(dataDir)) return undefined;
  const home = await openPostgresHome(resolve(dataDir));
  const instance = await readInstance(home);
  return instance !== undefined && isRunning(instance.postmaster) ? urlsOf(home, instance.port) : undefined;
}

async function readInstance(home: PostgresHome): Promise<Instance | undefined> {
  try {
    return instanceSchema.parse(JSON.parse(await readFile(home.instanceFile, 'utf8')));
  } catch {
    return undefined;
  }
}

async function writeInstance(home: PostgresHome, postmasterPid: number, port: number): Promise<void> {
  const instance = { owner: identify(process.pid), postmaster: identify(postmasterPid), port };
  await writeFile(home.instanceFile, JSON.stringify(instance));
}

/** Refuses when the owner of the last server lives; else ends that server, and forgets a lock that only looks held. */
async function takeOver(
  home: PostgresHome,
  earlier: Instance | undefined,
  options: EmbeddedPostgresOptions,
): Promise<void> {
  if (earlier === undefined) return;
  const { postmaster } = earlier;
  if (isRunning(postmaster)) {
    if (isRunning(earlier.owner)) {
      throw new Error(`the database in ${options.dataDir} is in use by process ${earlier.owner.pid}`);
    }
    options.log.warn({ pid: postmaster.pid }, 'stopping PostgreSQL left behind by an earlier start');
    process.kill(postmaster.pid, 'SIGINT');
    await waitForEnd(postmaster);
    return;
  }
  // PostgreSQL believes a lock whose number is now another program's; we know that ours is gone.
  const lockFile = join(home.cluster, 'postmaster.pid');
  const lock = await readFile(lockFile, 'utf8').catch(() => '');
  const holder = Number.parseInt(lock, 10);
  if (postmaster.pid === holder && identify(holder) !== undefined) await rm(lockFile);
}

async function waitForEnd(identity: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isRunning(identity)) {
    if (Date.now() > deadline) process.kill(identity.pid, 'SIGKILL');
    await sleep(25);
  }
}

async function startServer(
  home: PostgresHome,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<EmbeddedPostgres> {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    timezone: 'UTC',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const output = openSync(home.logFile, 'w');
  // A session of its own: Ctrl-C in a terminal reaches us only, and we stop it when all others are done with it.
  const child = home.launch('postgres', ['-D', home.cluster, ...args], {
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  const killOnExit = (): void => void child.kill('SIGINT');
  process.once('exit', killOnExit);
  const end = endOf(child).finally(() => process.off('exit', killOnExit));

  // Before it is ready: who comes after us, should we be killed meanwhile, has to find it.
  if (child.pid !== undefined) await writeInstance(home, child.pid, port);
  const pid = await ready(home, child, end);
  const { url, serviceUrl } = urlsOf(home, port);
  await prepareDatabase(home, url);
  const ended = end.then(() => undefined);
  return { url, serviceUrl, pid, ended, stop: () => stopServer(child, ended) };
}

/** Why it ended: the reason it could not even be started, or undefined. */
async function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((settle) => {
    child.once('exit', () => settle(undefined)).once('error', (error) => settle(error.message));
  });
}

/** Waits for the server's own word that it is ready; the number of the postmaster. */
async function ready(
  home: PostgresHome,
  child: ChildProcess,
  end: Promise<string | undefined>,
): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const lock = await readFile(join(home.cluster, 'postmaster.pid'), 'utf8').catch(() => '');
    const lines = lock.split('\n');
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return Number(lines[0]);
    if (Date.now() > deadline) child.kill('SIGKILL');
    await sleep(20);
  }
  throw new Error(`PostgreSQL did not start: ${(await end) ?? (await logTail(home))}`);
}

function urlsOf(
  { password, servicePassword }: PostgresHome,
  port: number,
): Pick<EmbeddedPostgres, 'url' | 'serviceUrl'> {
  const url = (credentials: string) => `postgresql://${credentials}@127.0.0.1:${port}/${DATABASE}`;
  return {
    url: url(`${POSTGRES_USER}:${password}`),
    serviceUrl: url(`${SERVICE_USER}:${servicePassword}`),
  };
}

/** Makes the database and the service's role where they are missing: also in a folder of a version without that role. */
async function prepareDatabase({ servicePassword }: PostgresHome, ownerUrl: string): Promise<void> {
  const system = new URL(ownerUrl);
  system.pathname = '/postgres';
  const client = new Client({ connectionString: system.href });
  await client.connect();
  try {
    const database = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    const role = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [SERVICE_USER]);
    if (role.rowCount === 0) await client.query(`CREATE ROLE ${SERVICE_USER} LOGIN`);
    const password = client.escapeLiteral(servicePassword);
    await client.query(`ALTER ROLE ${SERVICE_USER} PASSWORD ${password}`);
  } finally {
    await client.end();
  }
}

async function stopServer(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** The preferred port when it is free, else any. */
async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  server.listen(preferred, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return freePort();
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : freePort();
}
