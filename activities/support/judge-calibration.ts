import { DomainError } from '../../src/domain/errors';
import type { RunOutcome } from '../../src/domain/experiment';
import type { JudgedDetector } from '../../src/domain/detector';
import { majority } from '../../src/domain/judge';
import type { JudgeVote } from '../../src/domain/judge';
import { tallyCalibration } from '../../src/domain/judge-calibration';
import type { JudgeCalibration, LabelledRun, LabelledSet } from '../../src/domain/judge-calibration';
import type { Mode } from '../../src/domain/mode';
import type { Llm } from '../../src/ports/llm';
import { JUDGE_VERSION } from '../../src/researcher/prompts/judge';
import { BudgetExhausted } from './budget-exhausted';
import { RunJudge } from './judge';
import type { ModelCallDeps } from './model-call';
import { mapParallel } from './parallel';

/** What a judge made of one item. */
export interface JudgedItem {
  readonly name: string;
  readonly label: LabelledRun['label'];
  readonly outcome: RunOutcome;
  readonly votes: readonly JudgeVote[];
}

export interface CalibrationTerms {
  /** Names the calls of this measurement in the ledger. */
  readonly id: string;
  readonly votes: NonNullable<JudgedDetector['votes']>;
  /** In which the calls are priced. */
  readonly mode: Mode;
  /** Items at once. */
  readonly parallel: number;
}

/**
 * Has the configured model judge runs whose truth is known, as it would judge those of experiments, paid from the global
 * budget.
 * @throws {DomainError} `budget_exceeded` when that has no room; what the signal is aborted with.
 */
export async function measureJudge(
  deps: ModelCallDeps,
  llm: Llm,
  { items, digest }: LabelledSet,
  { id, votes, mode, parallel }: CalibrationTerms,
  signal: AbortSignal,
): Promise<{ readonly calibration: JudgeCalibration; readonly judged: readonly JudgedItem[] }> {
  const payer = { cycleId: null, scopes: [], mode };
  const limits = { signal, draining: signal, deadlineMs: Number.MAX_SAFE_INTEGER };
  const judge = new RunJudge(deps, llm, payer, limits);
  const judged = await mapParallel(items, parallel, async ({ name, label, rubric, transcript }, index) => {
    const oracle = { kind: 'judged', rubric, votes } as const;
    const judgement = await judge
      .judge(oracle, transcript, `calibration/${id}/${index}`)
      .catch(rethrowExhausted);
    const outcome: RunOutcome = majority(judgement.votes) ?? 'unassessed';
    return { name, label, outcome, votes: judgement.votes };
  });
  const measured = tallyCalibration(judged);
  const named = { judge: judge.name, version: JUDGE_VERSION, votesAsked: votes, setDigest: digest };
  return { calibration: { ...named, ...measured }, judged };
}

function rethrowExhausted(error: unknown): never {
  if (error instanceof BudgetExhausted) throw new DomainError('budget_exceeded', error.message);
  throw error;
}
