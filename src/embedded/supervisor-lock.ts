import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { identify, isRunning } from './process-identity';

const ownerSchema = z.object({ pid: z.number(), started: z.string() });

/** Another living process works in this home. */
export class HomeInUse extends Error {
  override readonly name = 'HomeInUse';
}

/**
 * Takes a home folder for this process; returns how to give it back. A lock whose process is gone is taken over.
 * @throws {HomeInUse}
 */
export async function lockHome(home: string): Promise<() => Promise<void>> {
  await mkdir(home, { recursive: true });
  const lock = join(home, 'dev.lock');
  const mine = `${lock}.${process.pid}`;
  await writeFile(mine, JSON.stringify(identify(process.pid)));
  try {
    // A link appears complete or not at all, unlike a file that is written.
    while (!(await tryLink(mine, lock))) await removeStale(lock, home);
  } finally {
    await rm(mine, { force: true });
  }
  return () => rm(lock, { force: true });
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** Moves the lock away before it is judged again, so that of two who find it stale only one removes it. */
async function removeStale(lock: string, home: string): Promise<void> {
  refuseLiving(await readOwner(lock), home);
  const aside = `${lock}.${process.pid}.stale`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  try {
    refuseLiving(await readOwner(aside), home);
  } catch (error) {
    await tryLink(aside, lock);
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function readOwner(file: string): Promise<z.infer<typeof ownerSchema> | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function refuseLiving(owner: z.infer<typeof ownerSchema> | undefined, home: string): void {
  if (owner === undefined || !isRunning(owner)) return;
  throw new HomeInUse(
    `${home} is in use by process ${owner.pid}. Stop that one first, or set TINMAN_HOME to another folder.`,
  );
}
