import { setTimeout as sleep } from 'node:timers/promises';
import type { JudgedDetector } from '../../src/domain/detector';
import { DomainError } from '../../src/domain/errors';
import type { Transcript } from '../../src/domain/experiment';
import { injectionAttemptsOf } from '../../src/domain/injection-attempts';
import type { InjectionAttempt } from '../../src/domain/injection-attempts';
import { majority, missingVote, voteOf } from '../../src/domain/judge';
import type { Judgement, JudgeVote } from '../../src/domain/judge';
import type { Mode } from '../../src/domain/mode';
import { CallError } from '../../src/ports/call-error';
import type { Llm } from '../../src/ports/llm';
import { createAsk } from '../../src/researcher/ask';
import { askJudge } from '../../src/researcher/judge';
import type { JudgeQuestion } from '../../src/researcher/judge';
import { JUDGE_VERSION } from '../../src/researcher/prompts/judge';
import type { Ask } from '../../src/researcher/researcher';
import { recordedCall } from './model-call';
import type { CallPurpose, ModelCallDeps } from './model-call';
import { priceInMode } from './pricing';

const MAX_ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 250;
const LONGEST_WAIT_MS = 60_000;

/** Until when a judge may be asked. */
export interface JudgeLimits {
  /** Cancellation, shutdown or time-out of the activity. */
  readonly signal: AbortSignal;
  /** The worker shuts down: nothing is tried again. */
  readonly draining: AbortSignal;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
}

/** Asks a model about runs that no rule decides. */
export class RunJudge {
  /** As records name it. */
  readonly name: string;

  constructor(
    private readonly deps: ModelCallDeps,
    private readonly llm: Llm,
    private readonly payer: Pick<CallPurpose, 'cycleId' | 'scopes'> & { readonly mode: Mode },
    private readonly limits: JudgeLimits,
  ) {
    this.name = `${llm.provider}:${llm.model}`;
  }

  /**
   * All votes that it takes for a majority, each a call of its own; `operation` names the run in the ledger.
   * @throws {BudgetExhausted}, and what the signals are aborted with.
   */
  async judge(
    { rubric, votes: votesAsked = 1 }: JudgedDetector,
    transcript: Transcript,
    operation: string,
  ): Promise<Judgement> {
    const attempts = injectionAttemptsOf(transcript);
    const votes: JudgeVote[] = [];
    while (votes.length < votesAsked && majority(votes, votesAsked - votes.length) === undefined) {
      const vote = votes.length;
      const question = { operation: `judge/${operation}/${vote}`, transcript, rubric, vote };
      votes.push(await this.vote(question, transcript, attempts));
    }
    return { judge: this.name, version: JUDGE_VERSION, votesAsked, votes };
  }

  /** One vote; what may pass is tried again, and what does not leaves the vote out. */
  private async vote(
    question: JudgeQuestion,
    transcript: Transcript,
    attempts: readonly InjectionAttempt[],
  ): Promise<JudgeVote> {
    for (let attempt = 1; ; attempt += 1) {
      this.limits.signal.throwIfAborted();
      try {
        return voteOf(await askJudge(this.ask(), question, this.deps.maxAnswerTokens), transcript, attempts);
      } catch (error) {
        this.limits.signal.throwIfAborted();
        if (error instanceof DomainError) return missingVote(error.message);
        if (!(error instanceof CallError)) throw error;
        if (attempt === MAX_ATTEMPTS || !error.options.retryable || this.leftMs() <= 0) {
          return missingVote(error.message);
        }
        await this.waitAfter(error, attempt);
      }
    }
  }

  private ask(): Ask {
    const { deps, llm, limits } = this;
    const { mode, ...payer } = this.payer;
    const price = priceInMode(llm, mode, deps.worstCasePrice);
    const purpose = { ...payer, price, promptVersion: JUDGE_VERSION };
    const left = AbortSignal.timeout(Math.max(1, Math.min(this.leftMs(), LONGEST_TIMER_MS)));
    const signal = AbortSignal.any([limits.signal, left]);
    return createAsk((request) => recordedCall(deps, llm, purpose, request, signal));
  }

  private async waitAfter({ options }: CallError, attempt: number): Promise<void> {
    const { signal, draining } = this.limits;
    const wanted = options.retryAfterMs ?? FIRST_BACKOFF_MS * 2 ** (attempt - 1);
    const ms = Math.max(0, Math.min(wanted, LONGEST_WAIT_MS, this.leftMs()));
    const ending = AbortSignal.any([signal, draining]);
    await sleep(ms, undefined, { signal: ending }).catch(() => ending.throwIfAborted());
  }

  private leftMs(): number {
    return this.limits.deadlineMs - Date.now();
  }
}

/** The longest that a timer of Node's takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
