import { startChild } from '../../src/embedded/supervisor-child';

/** A process as it was started once. */
export interface StartedProcess {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

/** A process of a stack that can be ended and started again in its place. */
export class StackProcess {
  private running = true;

  private constructor(
    readonly name: string,
    private readonly start: () => Promise<StartedProcess>,
    private current: StartedProcess,
  ) {
    this.watch();
  }

  static async start(name: string, start: () => Promise<StartedProcess>): Promise<StackProcess> {
    return new StackProcess(name, start, await start());
  }

  get pid(): number {
    return this.current.pid;
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Sends a signal (SIGKILL unless given) and waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.running) return;
    process.kill(this.pid, signal);
    await this.current.exited;
  }

  /** Starts it again with the data and ports of last time; ends it in order first when it still runs. */
  async restart(): Promise<void> {
    await this.stop();
    this.current = await this.start();
    this.running = true;
    this.watch();
  }

  async stop(): Promise<void> {
    if (this.running) await this.current.stop();
    this.running = false;
  }

  private watch(): void {
    const watched = this.current;
    const ended = () => (this.running &&= this.current !== watched);
    void watched.exited.then(ended);
  }
}

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 40_000;

/** Starts a program of Node's that says so in a message when it is ready. */
export async function startUntilReady(
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly log: (line: string) => void },
): Promise<{ readonly process: StartedProcess; readonly message: unknown }> {
  const child = await startChild(process.execPath, args, { ...options, ipc: true, graceMs: STOP_GRACE_MS });
  let timer: NodeJS.Timeout | undefined;
  try {
    const message = await new Promise<unknown>((resolve, reject) => {
      child.onMessage(resolve);
      const refuse = (why: string) => reject(new Error(`${args.join(' ')} ${why}:\n${child.lastLines()}`));
      void child.exited.then((how) => refuse(`${how} before it was ready`));
      timer = setTimeout(() => refuse('was not ready in time'), READY_TIMEOUT_MS);
    });
    return { process: child, message };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
