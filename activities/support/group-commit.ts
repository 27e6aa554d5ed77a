import { setTimeout as sleep } from 'node:timers/promises';

/** How long the first item of a group waits for others, in ms: each write costs a commit, whatever its size. */
const LINGER_MS = 40;

/**
 * Writes items in groups, one group at a time. Adding waits for the writes only when `most` items are unwritten. What is
 * added and not yet written when the process dies is missing, as if it had never been done.
 */
export class GroupCommit<T> {
  private readonly waiting: T[] = [];
  private writing: Promise<void> = Promise.resolve();
  private idle = true;
  private unwritten = 0;
  private failure: { readonly error: unknown } | undefined;
  private hurry = new AbortController();

  constructor(
    private readonly write: (items: readonly T[]) => Promise<void>,
    private readonly most: number,
  ) {}

  /** @throws what an earlier write threw: nothing more should then be begun. */
  async add(item: T): Promise<void> {
    this.throwIfFailed();
    this.waiting.push(item);
    if (this.idle) this.writing = this.writeAll();
    this.unwritten += 1;
    if (this.unwritten >= this.most) await this.drain();
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
        const group = this.waiting.splice(0);
        await this.write(group);
        this.unwritten -= group.length;
      }
    } catch (error) {
      this.failure = { error };
    }
    this.idle = true;
  }
}
