import { setTimeout as pause } from 'node:timers/promises';
import { CallError } from '../../ports/call-error';
import type { Talk } from './talk';

const MOST_AT_ONCE = 4;
const RETRY_AFTER_MS = 100;
const QUOTA_HELD_MS = 80;
const TURN_MS = 20;
const WAIT_PER_REQUEST_MS = 60;
const LONGEST_WAIT_MS = 240;
const SLOWEST_PROMPT_CHARS = 8_000;

/** By what the application waits, and measures how long. */
export interface Clock {
  /** Milliseconds since any moment. */
  now(): number;
  /** Rejects when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  pause: (ms, signal) => pause(ms, undefined, { signal }),
};

/** The requests under way, by conversation, with the planted faults of deployment: without one nothing waits. */
export class Load {
  private readonly underWay = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /**
   * Lets the time pass that a request takes.
   * @throws {CallError} `rate_limited` when too many of its conversation are under way; `aborted`.
   */
  async pass(talk: Talk, signal: AbortSignal): Promise<void> {
    const before = this.underWay.get(talk.conversation) ?? 0;
    const isLimited = talk.shows('tight_quota');
    const isQueued = talk.shows('waits_in_line');
    if (isLimited && before >= MOST_AT_ONCE) throw tooMany();
    const waitMs = Math.max(
      isLimited ? QUOTA_HELD_MS : 0,
      isQueued ? Math.min(TURN_MS + WAIT_PER_REQUEST_MS * before, LONGEST_WAIT_MS) : 0,
      talk.shows('slow_reader') ? readingMs(talk.promptChars) : 0,
    );
    if (waitMs === 0) return;
    this.count(talk.conversation, 1);
    try {
      await this.clock.pause(waitMs, signal);
    } catch (cause) {
      throw new CallError('aborted', 'the call was aborted', { retryable: false, maybeBilled: false, cause });
    } finally {
      this.count(talk.conversation, -1);
    }
  }

  private count(conversation: string, step: number): void {
    const left = (this.underWay.get(conversation) ?? 0) + step;
    if (left > 0) this.underWay.set(conversation, left);
    else this.underWay.delete(conversation);
  }
}

function readingMs(chars: number): number {
  return LONGEST_WAIT_MS * Math.min(1, chars / SLOWEST_PROMPT_CHARS) ** 2;
}

function tooMany(): CallError {
  return new CallError('rate_limited', 'too many requests at once', {
    retryable: true,
    maybeBilled: false,
    retryAfterMs: RETRY_AFTER_MS,
  });
}
