import { CallError } from '../ports/call-error';

/** Over which starts of calls are counted. */
const WINDOW_MS = 60_000;
/** The longest that one answer keeps all calls of a target waiting, however much patience it asks for. */
const LONGEST_PAUSE_MS = 60_000;

interface GateLimits {
  /** Calls begun in any 60 seconds. */
  readonly requestsPerMinute?: number | undefined;
  /** Calls under way at once. */
  readonly maxConcurrency?: number | undefined;
}

interface Waiter {
  readonly admit: () => void;
}

/**
 * What all calls of one target in this process pass, first come, first served: no more of them in any minute and no more
 * at once than its limits, and none before the time that an answer with `Retry-After` named.
 */
export class CallGate {
  private readonly waiting: Waiter[] = [];
  /** When the calls of the last minute began, oldest first; `performance.now()`. */
  private readonly begun: number[] = [];
  private underWay = 0;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly limits: GateLimits) {}

  /**
   * Makes a call when it is its turn.
   * @throws {CallError} `aborted`, unbilled, when the signal ends the wait; and whatever the call throws.
   */
  async pass<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    await this.turn(signal);
    try {
      return await call();
    } catch (error) {
      this.pauseFor(error);
      throw error;
    } finally {
      this.underWay -= 1;
      this.admitNext();
    }
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => {
        const at = this.waiting.indexOf(waiter);
        if (at >= 0) this.waiting.splice(at, 1);
        reject(new CallError('aborted', 'aborted before the call', { retryable: false, maybeBilled: false }));
        this.admitNext();
      };
      const waiter: Waiter = {
        admit: () => {
          signal.removeEventListener('abort', refuse);
          resolve();
        },
      };
      if (signal.aborted) return refuse();
      signal.addEventListener('abort', refuse, { once: true });
      this.waiting.push(waiter);
      this.admitNext();
    });
  }

  private admitNext(): void {
    clearTimeout(this.timer);
    const { maxConcurrency = Number.POSITIVE_INFINITY } = this.limits;
    while (this.waiting.length > 0 && this.underWay < maxConcurrency) {
      const now = performance.now();
      const waitMs = this.waitMs(now);
      if (waitMs > 0) {
        // Timers may fire a little early by the other clock.
        this.timer = setTimeout(() => this.admitNext(), Math.ceil(waitMs));
        return;
      }
      this.underWay += 1;
      if (this.limits.requestsPerMinute !== undefined) this.begun.push(now);
      this.waiting.shift()?.admit();
    }
  }

  /** How long until a call may begin, as far as time alone decides. */
  private waitMs(now: number): number {
    const { requestsPerMinute } = this.limits;
    while (this.begun[0] !== undefined && this.begun[0] <= now - WINDOW_MS) this.begun.shift();
    const full = requestsPerMinute !== undefined && this.begun.length >= requestsPerMinute;
    const freeAt = full ? (this.begun[0] ?? now) + WINDOW_MS : now;
    return Math.max(freeAt, this.pausedUntil) - now;
  }

  private pauseFor(error: unknown): void {
    if (!(error instanceof CallError)) return;
    const { retryAfterMs } = error.options;
    if (retryAfterMs === undefined) return;
    const until = performance.now() + Math.min(retryAfterMs, LONGEST_PAUSE_MS);
    this.pausedUntil = Math.max(this.pausedUntil, until);
  }
}
