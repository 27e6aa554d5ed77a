import type { Transcript } from '../domain/experiment';
import type { JudgeOpinion } from '../domain/judge';
import { JUDGE_SYSTEM, judgePrompt } from './prompts/judge';
import type { Ask } from './researcher';
import { judgeAnswer } from './schemas-judge';

/** Output limit of one vote, in tokens: a few sentences, with room for the thoughts of a model that thinks. */
export const JUDGE_OUTPUT_TOKENS = 4_000;

/** One question to a judge. */
export interface JudgeQuestion {
  /** Names it in the ledger; the same on a retry. */
  readonly operation: string;
  readonly transcript: Pick<Transcript, 'messages'>;
  readonly rubric: string;
  /** Its number among the votes on this run, from 0. */
  readonly vote: number;
}

/**
 * One opinion of a model on one run.
 * @throws {DomainError} `model_output_invalid`, and whatever `ask` throws.
 */
export function askJudge(
  ask: Ask,
  { operation, transcript, rubric, vote }: JudgeQuestion,
  maxOutputTokens: number,
): Promise<JudgeOpinion> {
  return ask({
    operation,
    system: JUDGE_SYSTEM,
    prompt: judgePrompt(transcript, rubric, vote),
    answerName: 'judge_run',
    schema: judgeAnswer,
    maxOutputTokens: Math.min(JUDGE_OUTPUT_TOKENS, maxOutputTokens),
  });
}
