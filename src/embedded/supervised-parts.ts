import { supervise, type Running } from './supervisor';
import { lockHome } from './supervisor-lock';
import { ChildRecord } from './supervisor-orphans';

/** The processes of one home: each that dies is started again, and all are stopped together. */
export interface SupervisedParts {
  /**
   * Starts a part, keeps it running and records its process; a start that takes its time tells of the process as soon
   * as there is one, so that it is found again when this process is killed meanwhile.
   * @throws what its first start throws.
   */
  keep<T extends Running>(
    name: string,
    start: (signal: AbortSignal, spawned: (pid: number) => Promise<void>) => Promise<T>,
  ): Promise<T>;
  /** Resolves when a part could not be kept running. */
  readonly failed: Promise<Error>;
  /** Stops what was started, in the opposite order, and gives the home back. */
  stop(): Promise<void>;
}

/**
 * Takes the home for this process, and stops what an earlier one left running there.
 * @throws {HomeInUse}
 */
export async function superviseParts(options: {
  readonly home: string;
  readonly log: (line: string) => void;
  /** Ends starts that are under way. */
  readonly signal: AbortSignal;
}): Promise<SupervisedParts> {
  const { home, log, signal } = options;
  const undo: (() => Promise<void>)[] = [await lockHome(home)];
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  const children = new ChildRecord(home);
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  try {
    await children.stopOrphans(log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    failed,
    stop,
    async keep(name, start) {
      const supervised = await supervise({
        name,
        log,
        start: async (stopping) => {
          const spawned = (pid: number) => children.remember(name, pid);
          const running = await start(AbortSignal.any([stopping, signal]), spawned);
          await spawned(running.pid);
          return running;
        },
      });
      undo.push(async () => {
        await supervised.stop();
        await children.forget(name);
      });
      void supervised.gaveUp.then(fail);
      signal.throwIfAborted();
      return supervised.first;
    },
  };
}
