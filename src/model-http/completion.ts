import { z } from 'zod';
import { NO_USAGE, type TokenUsage } from '../domain/money';
import { CallError } from '../ports/call-error';

const tokens = z.int().nonnegative();
/** What we read of a Chat Completions reply. Servers differ in what they leave out, so only the message is demanded. */
const completionSchema = z.looseObject({
  model: z.string().max(200).nullish(),
  choices: z.tuple(
    [
      z.looseObject({
        finish_reason: z.string().nullish(),
        message: z.looseObject({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z
            .array(
              z.looseObject({
                id: z.string().nullish(),
                function: z.looseObject({ name: z.string(), arguments: z.string() }),
              }),
            )
            .nullish(),
        }),
      }),
    ],
    z.unknown(),
  ),
  usage: z
    .looseObject({
      prompt_tokens: tokens,
      completion_tokens: tokens,
      prompt_tokens_details: z.looseObject({ cached_tokens: tokens.nullish() }).nullish(),
    })
    .nullish(),
});
export type Completion = z.infer<typeof completionSchema>;

/**
 * A reply of a Chat Completions endpoint.
 * @throws {CallError} `invalid_reply` when it is something else.
 */
export function readCompletion(answer: unknown): Completion {
  const parsed = completionSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const problem = z.prettifyError(parsed.error).slice(0, 500);
  throw new CallError('invalid_reply', `not a chat completion: ${problem}`, {
    retryable: true,
    maybeBilled: true,
  });
}

/** The usage as we count it: OpenAI's `prompt_tokens` holds the cached ones, ours does not. */
export function completionUsage(usage: Completion['usage']): {
  readonly usage: TokenUsage;
  readonly usageReported?: boolean;
} {
  if (usage === undefined || usage === null) return { usage: NO_USAGE, usageReported: false };
  const cacheReadTokens = Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens);
  return {
    usage: {
      inputTokens: usage.prompt_tokens - cacheReadTokens,
      outputTokens: usage.completion_tokens,
      ...(cacheReadTokens === 0 ? {} : { cacheReadTokens }),
    },
  };
}
