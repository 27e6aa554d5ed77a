import type { FollowUpPlay } from '../domain/follow-up';
import type { FollowUpReport } from '../domain/trigger-report';
import type { Settlement } from './ledger';
import type { RecordedRun } from './recorded-runs';

/** The follow-up of one failure. */
export interface StoredFollowUp {
  readonly id: string;
  readonly failureId: string;
  readonly cycleId: string;
  readonly state: 'planned' | 'running' | 'done' | 'skipped' | 'failed';
  /** Plays it may ask for. */
  readonly callsPermitted: number;
  /** The most it may spend. */
  readonly costLimitMicroUsd: number;
  readonly estimatedCostMicroUsd: number;
  /** The turns of the stimulus in other words; null until they were asked for. */
  readonly paraphrases: readonly (readonly string[])[] | null;
  readonly result: FollowUpReport | null;
}

/** A follow-up before it begins. With `skipped` it never does. */
export type NewFollowUp = Omit<StoredFollowUp, 'state' | 'paraphrases' | 'result'> & {
  readonly skipped: { readonly reason: string; readonly detail: string } | null;
};

/** One play of a follow-up. */
export interface RecordedFollowUpRun extends RecordedRun, Pick<FollowUpPlay, 'step' | 'change'> {}

/** Every write is idempotent. */
export interface FollowUpStore {
  /** Inserts those that are missing. */
  plan(followUps: readonly NewFollowUp[]): Promise<void>;
  /** Those of a cycle, the most severe failure first. */
  list(cycleId: string): Promise<readonly StoredFollowUp[]>;
  /** @throws {DomainError} `not_found`. */
  ofFailure(failureId: string): Promise<StoredFollowUp>;
  /** Marks it running unless it has ended; returns it with the plays that are recorded, by their position. */
  begin(
    failureId: string,
  ): Promise<{ readonly followUp: StoredFollowUp; readonly recorded: readonly RecordedFollowUpRun[] }>;
  /** Keeps them unless there are some; returns those that stand. */
  keepParaphrases(
    followUpId: string,
    paraphrases: readonly (readonly string[])[],
  ): Promise<readonly (readonly string[])[]>;
  recordRuns(
    followUpId: string,
    runs: readonly RecordedFollowUpRun[],
    settlements: readonly Settlement[],
  ): Promise<void>;
  finish(followUpId: string, result: FollowUpReport): Promise<void>;
  skip(followUpId: string, reason: string, detail: string): Promise<void>;
}
