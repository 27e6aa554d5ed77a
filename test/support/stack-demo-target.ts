import { startChild } from '../../src/embedded/supervisor-child';
import { TINMAN } from './stack';
import { StackProcess } from './stack-process';

/** The demo application behind a port, in a process of its own. */
export interface WireTarget {
  /** For a target of kind openai; stays the same over restarts. */
  readonly baseUrl: string;
  /** Starts it again, with these faults from now on. */
  restart(faults: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 5_000;

/** Runs `tinman demo-target` with planted faults. */
export async function startWireTarget(faults: readonly string[]): Promise<WireTarget> {
  let active = faults;
  let baseUrl = '';
  const server = await StackProcess.start('demo-target', async () => {
    const port = baseUrl === '' ? '0' : new URL(baseUrl).port;
    const list = active.length === 0 ? 'none' : active.join(',');
    const lines: string[] = [];
    let heard: (line: string) => void = () => undefined;
    const child = await startChild(
      process.execPath,
      [TINMAN, 'demo-target', '--port', port, '--faults', list],
      {
        env: process.env,
        graceMs: STOP_GRACE_MS,
        log: (line) => {
          lines.push(line);
          heard(line);
        },
      },
    );
    baseUrl = await new Promise<string>((resolve, reject) => {
      heard = (line) => {
        const url = /http:\S+\/v1/.exec(line)?.[0];
        if (url !== undefined) resolve(url);
      };
      for (const line of lines) heard(line);
      void child.exited.then((how) => reject(new Error(`demo-target ${how}: ${child.lastLines()}`)));
    });
    return child;
  });
  return {
    baseUrl,
    restart: async (next) => {
      active = next;
      await server.restart();
    },
    stop: () => server.stop(),
  };
}
