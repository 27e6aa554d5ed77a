import { setTimeout as sleep } from 'node:timers/promises';
import { judgeRun } from '../../src/domain/detect';
import type { DetectionEngines, RuledVerdict } from '../../src/domain/detect';
import { DomainError } from '../../src/domain/errors';
import type { TestCase, Transcript, UnassessedReason } from '../../src/domain/experiment';
import type { Judgement } from '../../src/domain/judge';
import { addUsage, costMicroUsd, NO_USAGE } from '../../src/domain/money';
import type { TokenPrice, TokenUsage } from '../../src/domain/money';
import { playCase, PlayInterrupted } from '../../src/domain/play-case';
import type { TargetConfiguration } from '../../src/domain/target';
import { CallError } from '../../src/ports/call-error';
import type { Ledger, ReservationRequest, Reservation, Settlement } from '../../src/ports/ledger';
import type { Target } from '../../src/ports/target';
import type { RunJudge } from './judge';
import { inTraffic } from './target-traffic';

const MAX_ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 250;
const LONGEST_WAIT_MS = 60_000;

/** One stimulus to be played against the target, and the reservation that pays for it. */
export interface Play {
  /** Names it in the ledger; the same on a retry. */
  readonly operation: string;
  readonly testCase: TestCase;
  readonly configuration: TargetConfiguration;
  readonly maxOutputTokens: number;
  readonly seed: number;
  /** The most it can cost. */
  readonly boundMicroUsd: number;
}

/** What came of a play, ready to be recorded with its bills. */
export interface Played {
  readonly verdict: RuledVerdict;
  /** What a judge said, where one was asked. */
  readonly judgement?: Judgement;
  readonly transcript: Transcript;
  readonly usage: TokenUsage;
  readonly costMicroUsd: number;
  readonly latencyMs: number;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly settlements: readonly Settlement[];
}

/** The conditions under which the plays of one activity run. */
export interface PlaySession {
  readonly target: Target;
  readonly price: TokenPrice;
  readonly engines: DetectionEngines;
  /** Asked where rules leave a run open; there is none without a model. */
  readonly judge?: RunJudge;
  readonly ledger: Ledger;
  readonly reserve: (entries: readonly ReservationRequest[]) => Promise<readonly Reservation[]>;
  /** The scope of the step itself; every other one goes on beyond it. */
  readonly stepScope: string;
  /** Cancellation, shutdown or time-out of the activity. */
  readonly signal: AbortSignal;
  /** The worker shuts down: nothing new is begun, what is under way may end. */
  readonly draining: AbortSignal;
  /** Epoch milliseconds after which nothing is begun and calls are given up. */
  readonly deadlineMs: number;
}

/**
 * Plays one case under a reservation, retrying what may pass: a 429 waits as long as the target says.
 * @throws when the activity is cancelled; the call under way is then settled as unknown.
 */
export async function play(plan: Play, firstKey: string, session: PlaySession): Promise<Played> {
  const startedAt = new Date();
  const bill = new Bill(plan, session, firstKey);
  for (let attempt = 1; ; attempt += 1) {
    if (Date.now() >= session.deadlineMs)
      return bill.unassessed(startedAt, 'timeout', 'no time was left', NOTHING_SAID);
    try {
      const loads = plan.testCase.load !== undefined;
      const transcript = await inTraffic(session.target, loads, () => askTarget(plan, session));
      return bill.assessed(startedAt, transcript);
    } catch (error) {
      const { cause, partial } = interruption(error);
      if (session.signal.aborted) {
        await session.ledger.settle([bill.unknown()]);
        throw cause;
      }
      if (cause instanceof DomainError)
        return bill.unassessed(startedAt, 'judge_error', cause.message, partial);
      if (!(cause instanceof CallError)) throw cause;
      if (isFinal(cause, attempt, session)) return bill.interrupted(startedAt, cause, partial);
      if (!(await bill.renew(cause, partial))) {
        return bill.unassessed(startedAt, 'budget', 'no budget was left for another attempt', partial);
      }
      await waitForNextAttempt(waitMs(cause, attempt, session), bill, session);
    }
  }
}

/** @throws when the activity is to end; the reservation, under which nothing was asked yet, is given back. */
async function waitForNextAttempt(ms: number, bill: Bill, session: PlaySession): Promise<void> {
  const signal = AbortSignal.any([session.signal, session.draining]);
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    await session.ledger.settle([bill.unused()]);
    signal.throwIfAborted();
  }
}

function isFinal(cause: CallError, attempt: number, session: PlaySession): boolean {
  return attempt === MAX_ATTEMPTS || !cause.options.retryable || Date.now() >= session.deadlineMs;
}

function askTarget(plan: Play, session: PlaySession): Promise<Transcript> {
  const left = AbortSignal.timeout(Math.max(1, session.deadlineMs - Date.now()));
  const signal = AbortSignal.any([session.signal, left]);
  return playCase({
    testCase: plan.testCase,
    configuration: plan.configuration,
    engines: session.engines,
    seed: plan.seed,
    maxOutputTokens: plan.maxOutputTokens,
    call: (request) => session.target.chat(request, signal),
    isRateLimit: (error) => error instanceof CallError && error.kind === 'rate_limited',
  });
}

/** The reservation under which a play runs now, and the bills of the ones before. */
class Bill {
  private readonly settled: Settlement[] = [];
  private spentMicroUsd = 0;

  constructor(
    private readonly plan: Play,
    private readonly session: PlaySession,
    private key: string | undefined,
  ) {}

  unknown(): Settlement {
    return { key: this.key ?? '', outcome: 'unknown' };
  }

  unused(): Settlement {
    return { key: this.key ?? '', outcome: 'released' };
  }

  assessed(startedAt: Date, transcript: Transcript): Played {
    this.settle(transcript, false);
    const offeredTools = this.plan.testCase.tools ?? [];
    const verdict = judgeRun(this.plan.testCase, transcript, { engines: this.session.engines, offeredTools });
    return this.close(startedAt, verdict, transcript);
  }

  interrupted(startedAt: Date, cause: CallError, partial: Transcript): Played {
    const late = cause.kind === 'aborted' && Date.now() >= this.session.deadlineMs;
    this.settle(partial, cause.options.maybeBilled);
    return this.close(startedAt, unassessed(late ? 'timeout' : reasonOf(cause), cause.message), partial);
  }

  unassessed(startedAt: Date, reason: UnassessedReason, detail: string, partial: Transcript): Played {
    this.settle(partial, false);
    return this.close(startedAt, unassessed(reason, detail), partial);
  }

  /** Keeps the reservation when the failed attempt was certainly free; else settles it and reserves anew. */
  async renew(cause: CallError, partial: Transcript): Promise<boolean> {
    if (!cause.options.maybeBilled && partial.calls.length === 0) return true;
    this.settle(partial, cause.options.maybeBilled);
    await this.session.ledger.settle(this.settled.splice(0));
    const [reservation] = await this.session.reserve([reservationOf(this.plan, this.session)]);
    if (reservation?.admitted !== true) return false;
    this.key = reservation.key;
    return true;
  }

  private settle(transcript: Transcript, maybeBilled: boolean): void {
    if (this.key === undefined) return;
    const usage = usageOf(transcript);
    if (maybeBilled || transcript.calls.some(({ usageReported }) => usageReported === false)) {
      this.settled.push(this.unknown());
      this.spentMicroUsd += this.plan.boundMicroUsd;
    } else if (transcript.calls.length === 0) {
      this.settled.push({ key: this.key, outcome: 'released' });
    } else {
      const amountMicroUsd = costMicroUsd(usage, this.session.price);
      this.settled.push({ key: this.key, outcome: 'settled', amountMicroUsd, usage });
      this.spentMicroUsd += amountMicroUsd;
    }
    this.key = undefined;
  }

  private close(startedAt: Date, verdict: RuledVerdict, transcript: Transcript): Played {
    return {
      verdict,
      transcript,
      usage: usageOf(transcript),
      costMicroUsd: this.spentMicroUsd,
      latencyMs: Math.round(transcript.calls.reduce((sum, { latencyMs }) => sum + latencyMs, 0)),
      startedAt,
      endedAt: new Date(),
      settlements: this.settled,
    };
  }
}

export function reservationOf(plan: Play, session: PlaySession): ReservationRequest {
  return {
    operation: plan.operation,
    source: 'target',
    model: session.target.describe.model,
    amountMicroUsd: plan.boundMicroUsd,
  };
}

/** A play that never began: nothing was said, nothing is owed. */
export function notPlayed(reason: UnassessedReason, detail: string): Played {
  const now = new Date();
  return {
    verdict: unassessed(reason, detail),
    transcript: NOTHING_SAID,
    usage: NO_USAGE,
    costMicroUsd: 0,
    latencyMs: 0,
    startedAt: now,
    endedAt: now,
    settlements: [],
  };
}

const NOTHING_SAID: Transcript = { messages: [], calls: [] };

function unassessed(reason: UnassessedReason, detail: string): RuledVerdict {
  return { outcome: 'unassessed', evidence: [], reason, detail };
}

function reasonOf(cause: CallError): UnassessedReason {
  return cause.kind === 'timeout' ? 'timeout' : 'target_error';
}

function interruption(error: unknown): { readonly cause: unknown; readonly partial: Transcript } {
  if (error instanceof PlayInterrupted) return { cause: error.cause, partial: error.partial };
  return { cause: error, partial: NOTHING_SAID };
}

function usageOf(transcript: Transcript): TokenUsage {
  return transcript.calls.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE);
}

function waitMs(cause: CallError, attempt: number, session: PlaySession): number {
  const wanted = cause.options.retryAfterMs ?? FIRST_BACKOFF_MS * 2 ** (attempt - 1);
  return Math.max(0, Math.min(wanted, LONGEST_WAIT_MS, session.deadlineMs - Date.now()));
}
