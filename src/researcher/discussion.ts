import { z } from 'zod';
import type { Claim } from '../domain/discussion';
import { DISCUSSION_SYSTEM, discussionPrompt } from './prompts/discussion';
import type { DiscussionPromptInput } from './prompts/discussion';
import type { Ask } from './researcher';
import { text } from './schemas-fields';

const answer = z.strictObject({
  sentences: z
    .array(z.strictObject({ text: text(1_000), citations: z.array(text(100)).max(12) }))
    .max(40)
    .meta({ description: 'one sentence each, with the references of the records that support it' }),
});

/**
 * What a model answers from the records; nothing of it is checked yet, see `checkClaims`.
 * @throws {DomainError} `model_output_invalid`, and whatever `ask` throws.
 */
export async function discussByModel(
  ask: Ask,
  input: DiscussionPromptInput & { readonly operation: string; readonly maxOutputTokens: number },
): Promise<readonly Claim[]> {
  const { sentences } = await ask({
    operation: input.operation,
    system: DISCUSSION_SYSTEM,
    prompt: discussionPrompt(input),
    answerName: 'answer_from_records',
    schema: answer,
    maxOutputTokens: input.maxOutputTokens,
  });
  return sentences.map(({ text: said, citations }) => ({ text: said, cites: citations }));
}
