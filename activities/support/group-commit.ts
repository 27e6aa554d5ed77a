import { setTimeout as sleep } from 'node:timers/promises';

/** How long the first item of a group waits for others, in ms: each write costs a commit, whatever its size. */
const LINGER_MS = 40;

/**
 * Writes items in groups, one group at a time. Adding does not wait for the write; `drain` does. What is added and not
 * yet written when the process dies is missing, as if it had never been done.
 */
export class GroupCommit<T> {
  private readonly waiting: T[] = [];
  private writing: Promise<void> = Promise.resolve();
  private idle = true;
  private failure: { readonly error: unknown } | undefined;
  private hurry = new AbortController();

  constructor(private readonly write: (items: readonly T[]) => Promise<void>) {}

  /** @throws what an earlier write threw: nothing more should then be begun. */
  add(item: T): void {
    this.throwIfFailed();
    this.waiting.push(item);
    if (this.idle) this.writing = this.writeAll();
  }

  /** Resolves when everything added so far is written. */
  async drain(): Promise<void> {
    this.hurry.abort();
    await this.writing;
    this.hurry = new AbortController();
    this.throwIfFailed();
  }

  throwIfFailed(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  private async writeAll(): Promise<void> {
    this.idle = false;
    try {
      while (this.waiting.length > 0) {
        await sleep(LINGER_MS, undefined, { signal: this.hurry.signal }).catch(() => undefined);
        await this.write(this.waiting.splice(0));
      }
    } catch (error) {
      this.failure = { error };
    }
    this.idle = true;
  }
}
