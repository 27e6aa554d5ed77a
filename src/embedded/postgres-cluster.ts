import { closeSync, existsSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { postgresAccount, postgresLauncher, type Account, type PostgresLauncher } from './postgres-binary';

/** The superuser of the cluster, and the database it has beside the system's own. */
export const POSTGRES_USER = 'tinman';
/** The role that API and workers connect as. */
export const SERVICE_USER = 'tinman_service';

/** Where a server keeps everything, and how its programs are started. */
export interface PostgresHome {
  readonly cluster: string;
  readonly logFile: string;
  readonly instanceFile: string;
  readonly password: string;
  readonly servicePassword: string;
  readonly account: Account | undefined;
  readonly launch: PostgresLauncher;
}

/** Makes the folder and the passwords where they are missing. */
export async function openPostgresHome(dataDir: string): Promise<PostgresHome> {
  await mkdir(dataDir, { recursive: true });
  const cluster = join(dataDir, 'cluster');
  const account = postgresAccount(cluster);
  if (account !== undefined) await chmod(dataDir, 0o711);
  return {
    cluster,
    logFile: join(dataDir, 'postgres.log'),
    instanceFile: join(dataDir, 'instance.json'),
    password: await readPassword(join(dataDir, 'password')),
    servicePassword: await readPassword(join(dataDir, 'service-password')),
    account,
    launch: postgresLauncher(account, cluster),
  };
}

async function readPassword(file: string): Promise<string> {
  if (!existsSync(file)) await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFile(file, 'utf8');
}

/** Makes the cluster where there is none, complete or not at all. */
export async function initialiseCluster(home: PostgresHome): Promise<void> {
  if (existsSync(join(home.cluster, 'PG_VERSION'))) return;
  const fresh = `${home.cluster}.new`;
  const passwordFile = `${home.cluster}.password`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(passwordFile, home.password, { mode: 0o600 });
  if (home.account !== undefined) {
    await chown(fresh, home.account.uid, home.account.gid);
    await chown(passwordFile, home.account.uid, home.account.gid);
  }
  try {
    await runInitdb(home, [
      `--pgdata=${fresh}`,
      `--pwfile=${passwordFile}`,
      `--username=${POSTGRES_USER}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ]);
    await rename(fresh, home.cluster);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function runInitdb(home: PostgresHome, args: readonly string[]): Promise<void> {
  const output = openSync(home.logFile, 'w');
  const child = home.launch('initdb', args, { stdio: ['ignore', output, output] });
  closeSync(output);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`initdb failed: ${await logTail(home)}`);
}

/** The last words of the server, for error messages. */
export async function logTail(home: PostgresHome): Promise<string> {
  const text = await readFile(home.logFile, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-6).join(' | ');
}
