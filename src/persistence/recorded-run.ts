import { RUN_OUTCOMES, UNASSESSED_REASONS } from '../domain/experiment';
import { judgedBy } from '../domain/judge';
import { fromJson, member, money } from './columns';
import type { Evidence, Transcript } from '../domain/experiment';
import type { PlacedAttempt } from '../domain/injection-attempts';
import type { Judgement } from '../domain/judge';
import type { RecordedRun } from '../ports/stores';
import type { ExperimentRun, FollowUpRun, ReplayRun } from './generated/client';

/** What a run of an experiment and a lane of a replay have in common. */
export type RunFigures = Omit<RecordedRun, 'ordinal'>;

/** Its columns, for insertion. */
export const RUN_COLUMNS = {
  id: 'uuid',
  case_index: 'integer',
  seed: 'integer',
  outcome: 'text',
  reason: 'text',
  detail: 'text',
  evidence: 'jsonb',
  judged_by: 'text',
  judgement: 'jsonb',
  injection_attempts: 'jsonb',
  transcript: 'jsonb',
  input_tokens: 'integer',
  output_tokens: 'integer',
  cost_micro_usd: 'bigint',
  latency_ms: 'integer',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
} as const;

export function runRow(run: RunFigures) {
  return {
    id: run.id,
    case_index: run.caseIndex,
    seed: run.seed,
    outcome: run.outcome,
    reason: run.reason,
    detail: run.detail,
    evidence: run.evidence,
    judged_by: run.judgement === null ? null : judgedBy(run.judgement),
    judgement: run.judgement,
    injection_attempts: run.injectionAttempts.length === 0 ? null : run.injectionAttempts,
    transcript: run.transcript,
    input_tokens: run.inputTokens,
    output_tokens: run.outputTokens,
    cost_micro_usd: run.costMicroUsd,
    latency_ms: Math.round(run.latencyMs),
    started_at: run.startedAt,
    ended_at: run.endedAt,
  };
}

export function toRunFigures(row: ExperimentRun | FollowUpRun | ReplayRun): RunFigures {
  return {
    id: row.id,
    caseIndex: row.caseIndex,
    seed: row.seed,
    outcome: member(RUN_OUTCOMES, row.outcome),
    reason: row.reason === null ? null : member(UNASSESSED_REASONS, row.reason),
    detail: row.detail,
    evidence: fromJson<Evidence[]>(row.evidence),
    judgement: row.judgement === null ? null : fromJson<Judgement>(row.judgement),
    injectionAttempts: row.injectionAttempts === null ? [] : fromJson<PlacedAttempt[]>(row.injectionAttempts),
    transcript: fromJson<Transcript>(row.transcript),
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    costMicroUsd: money(row.costMicroUsd),
    latencyMs: row.latencyMs,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
  };
}
