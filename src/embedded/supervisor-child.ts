import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const LAST_LINES_KEPT = 20;

export interface ChildOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Gets each line that the child writes to stdout or stderr. */
  readonly log: (line: string) => void;
  /** With a channel for messages, whose end tells the child that its parent is gone. */
  readonly ipc?: boolean;
  /** How long a stop may take before the child is killed, in milliseconds. */
  readonly graceMs: number;
}

/**
 * A process of ours, in a group of its own, so that Ctrl-C in the terminal reaches only the parent, which stops it in
 * order; where the parent exits without, the child is told to end as well.
 */
export interface Child {
  readonly pid: number;
  /** Resolves when the process has ended, with how it ended. Never rejects. */
  readonly exited: Promise<string>;
  /** What it wrote last, for an error message. */
  lastLines(): string;
  onMessage(listener: (message: unknown) => void): void;
  /** SIGTERM, and SIGKILL after the grace. */
  stop(): Promise<void>;
}

/** @throws when the program cannot be started. */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<Child> {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? ['ipc' as const] : [])];
  const { env, cwd } = options;
  const child = spawn(command, args, {
    env,
    cwd,
    stdio,
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    eachLine(stream, (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES_KEPT) lines.shift();
      options.log(line);
    });
  }
  const exited = endOf(child);
  const stopOnExit = (): void => void child.kill();
  process.once('exit', stopOnExit);
  void exited.then(() => process.off('exit', stopOnExit));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return {
    pid: child.pid ?? 0,
    exited,
    lastLines: () => lines.join('\n'),
    onMessage: (listener) => void child.on('message', listener),
    stop: async () => {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), options.graceMs);
      await exited;
      clearTimeout(force);
    },
  };
}

function eachLine(stream: Readable | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', take);
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
    });
    child.once('error', (error) => resolve(error.message));
  });
}
