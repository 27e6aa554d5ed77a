import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { identify, isRunning, type ProcessIdentity } from './process-identity';

const identitySchema = z.object({ pid: z.number(), started: z.string() });

const STOP_GRACE_MS = 10_000;
const POLL_MS = 50;

/** The children of a home, on disk: when their parent is killed, the next one finds and stops them. */
export class ChildRecord {
  private readonly folder: string;

  constructor(home: string) {
    this.folder = join(home, 'children');
  }

  /** Remembers a child under its name, in place of the one before it. */
  async remember(name: string, pid: number): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await writeFile(join(this.folder, `${name}.json`), JSON.stringify(identify(pid) ?? null));
  }

  async forget(name: string): Promise<void> {
    await rm(join(this.folder, `${name}.json`), { force: true });
  }

  /** Stops what an earlier parent left behind; processes that merely have the same number are let be. */
  async stopOrphans(log: (line: string) => void): Promise<void> {
    const files = await readdir(this.folder).catch(() => []);
    for (const file of files) {
      const identity = await this.read(file);
      if (identity !== undefined && isRunning(identity)) {
        log(
          `Stopping ${file.replace('.json', '')} (process ${identity.pid}), left behind by an earlier start`,
        );
        await stop(identity);
      }
      await rm(join(this.folder, file), { force: true });
    }
  }

  /** Undefined also where nothing tells the process from a later one with the same number. */
  private async read(file: string): Promise<ProcessIdentity | undefined> {
    try {
      const identity = identitySchema.parse(JSON.parse(await readFile(join(this.folder, file), 'utf8')));
      return identity.started === '' ? undefined : identity;
    } catch {
      return undefined;
    }
  }
}

async function stop(identity: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + STOP_GRACE_MS;
  // To PostgreSQL it means not to wait for its sessions.
  signal(identity, 'SIGINT');
  while (isRunning(identity)) {
    if (Date.now() > deadline) signal(identity, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

function signal({ pid }: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
