import type { Evidence, RunOutcome, Transcript, UnassessedReason } from '../domain/experiment';
import type { PlacedAttempt } from '../domain/injection-attempts';
import type { Judgement } from '../domain/judge';
import type { ReplayLane } from '../domain/simulation';

/** One run as it is recorded; `settlements` are booked in the same transaction. */
export interface RecordedRun {
  readonly id: string;
  readonly ordinal: number;
  readonly caseIndex: number;
  readonly seed: number;
  readonly outcome: RunOutcome;
  readonly reason: UnassessedReason | null;
  readonly detail: string | null;
  readonly evidence: readonly Evidence[];
  /** What a judge said of it, where one was asked. */
  readonly judgement: Judgement | null;
  /** What in its transcript tells a judge or the researcher what to conclude. */
  readonly injectionAttempts: readonly PlacedAttempt[];
  readonly transcript: Transcript;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
  readonly latencyMs: number;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** One lane of one pair. */
export interface RecordedReplay extends Omit<RecordedRun, 'ordinal'> {
  readonly control: boolean;
  readonly pair: number;
  readonly lane: ReplayLane;
  readonly sourceRunId: string | null;
}
