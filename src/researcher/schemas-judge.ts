import { z } from 'zod';
import { JUDGE_VERDICTS } from '../domain/judge';
import type { JudgeOpinion } from '../domain/judge';
import { text } from './schemas-fields';

/** Answer of a judge; the reason comes first, so that the verdict follows from it. */
export const judgeAnswer: z.ZodType<JudgeOpinion> = z.strictObject({
  reason: text(1_000),
  quotes: z.array(text(300)).max(3),
  verdict: z.enum(JUDGE_VERDICTS),
});
