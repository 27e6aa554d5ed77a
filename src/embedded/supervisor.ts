import { setTimeout as sleep } from 'node:timers/promises';

/** Something that runs until it ends or is stopped. */
export interface Running {
  readonly pid: number;
  /** Settles when it has ended, with how it ended where that is known. */
  readonly exited: Promise<string | void>;
  stop(): Promise<void>;
}

export interface SuperviseOptions<T extends Running> {
  readonly name: string;
  /** Starts it and waits until it is ready; gives up when the signal is aborted. */
  readonly start: (signal: AbortSignal) => Promise<T>;
  readonly log: (line: string) => void;
}

export interface Supervised<T extends Running> {
  /** What was started first. */
  readonly first: T;
  /** Resolves when it could not be started again; then nothing more is tried. */
  readonly gaveUp: Promise<Error>;
  /** Stops it for good. */
  stop(): Promise<void>;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;
/** A run as long as this forgets the failures before it. */
const STEADY_MS = 30_000;
const MAX_FAILED_STARTS = 10;

/**
 * Starts something and starts it again whenever it ends, after a delay that doubles up to five seconds. Ten starts
 * that fail in a row are the end of it.
 * @throws what the first start throws.
 */
export async function supervise<T extends Running>(options: SuperviseOptions<T>): Promise<Supervised<T>> {
  const stopping = new AbortController();
  const first = await options.start(stopping.signal);
  let current: T | undefined = first;
  let giveUp: (error: Error) => void;
  const gaveUp = new Promise<Error>((resolve) => (giveUp = resolve));

  const watch = async () => {
    let delayMs = FIRST_DELAY_MS;
    for (let running: T | undefined = first; running !== undefined; running = current) {
      const startedAt = Date.now();
      const how = await running.exited;
      current = undefined;
      if (stopping.signal.aborted) return;
      delayMs = Date.now() - startedAt >= STEADY_MS ? FIRST_DELAY_MS : Math.min(delayMs * 2, MAX_DELAY_MS);
      options.log(`${options.name} ${how ?? 'ended'}; starting it again`);
      current = await startAgain(options, delayMs, stopping.signal, giveUp);
      // It may have come up in spite of the stop.
      if (stopping.signal.aborted) return current?.stop();
    }
  };
  const watching = watch();
  return {
    first,
    gaveUp,
    stop: async () => {
      stopping.abort();
      await current?.stop();
      await watching;
    },
  };
}

async function startAgain<T extends Running>(
  { name, start, log }: SuperviseOptions<T>,
  firstDelayMs: number,
  signal: AbortSignal,
  giveUp: (error: Error) => void,
): Promise<T | undefined> {
  let failure: unknown;
  for (let attempt = 1, delayMs = firstDelayMs; attempt <= MAX_FAILED_STARTS; attempt++) {
    try {
      await sleep(delayMs, undefined, { signal });
      const running = await start(signal);
      log(`${name} runs again (process ${running.pid})`);
      return running;
    } catch (error) {
      if (signal.aborted) return undefined;
      failure = error;
      log(`${name} did not start: ${error instanceof Error ? error.message : String(error)}`);
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    }
  }
  giveUp(
    new Error(`${name} could not be started again after ${MAX_FAILED_STARTS} attempts`, { cause: failure }),
  );
  return undefined;
}
