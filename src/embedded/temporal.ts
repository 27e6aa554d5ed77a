import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { startChild, type Child } from './supervisor-child';
import type { TemporalBinary } from './temporal-binary';

const LOOPBACK = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const POLL_MS = 100;

export interface DevServerOptions {
  readonly binary: TemporalBinary;
  /** Folder of the database file. */
  readonly home: string;
  readonly namespace: string;
  /** Kept over restarts, so that clients find it again. */
  readonly ports: { readonly grpc: number; readonly ui: number };
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Told of the process before it answers. */
  readonly spawned?: (pid: number) => Promise<void>;
}

export interface DevServer {
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Resolves when the process has ended, with how it ended. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a Temporal dev server with its Web UI and a database file, and waits until it answers. For development: the
 * file belongs to one version of the server.
 * @throws when it ends or does not answer within a minute, with what it wrote last.
 */
export async function startTemporalDevServer(options: DevServerOptions): Promise<DevServer> {
  const { binary, home, namespace, ports, env, log, signal } = options;
  await mkdir(home, { recursive: true });
  const child = await startChild(
    binary.path,
    [
      ['server', 'start-dev', '--ip', LOOPBACK, '--port', `${ports.grpc}`, '--ui-port', `${ports.ui}`],
      ['--namespace', namespace, '--log-level', 'error'],
      ['--db-filename', join(home, `temporal-${binary.version}.db`)],
      ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ].flat(),
    { env, log, graceMs: STOP_GRACE_MS },
  );
  const address = `${LOOPBACK}:${ports.grpc}`;
  try {
    await options.spawned?.(child.pid);
    await answering(child, address, namespace, signal);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    address,
    uiUrl: `http://${LOOPBACK}:${ports.ui}`,
    pid: child.pid,
    exited: child.exited,
    stop: () => child.stop(),
  };
}

async function answering(
  child: Child,
  address: string,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  let ended: string | undefined;
  void child.exited.then((how) => (ended = how));
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    if (ended !== undefined) {
      throw new Error(`The Temporal dev server ${ended} before it answered:\n${child.lastLines()}`);
    }
    if (await answers(address, namespace)) return;
    if (Date.now() > deadline) {
      throw new Error(
        `The Temporal dev server did not answer within ${START_TIMEOUT_MS / 1_000} s:\n${child.lastLines()}`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function answers(address: string, namespace: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '1 second' });
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}
