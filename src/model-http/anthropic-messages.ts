import { Anthropic } from '@anthropic-ai/sdk';
import { z } from 'zod';
import type { TokenUsage } from '../domain/money';
import { CallError } from '../ports/call-error';
import { boundedFetch } from './bounded-fetch';

const tokens = z.int().nonnegative();
const cachedTokens = tokens.nullish().transform((count) => count ?? 0);
/** What we read of a reply; blocks of other types (thinking, …) are passed over. */
const replySchema = z.looseObject({
  model: z.string().max(200),
  stop_reason: z.string().nullable(),
  content: z.array(
    z.looseObject({
      type: z.string(),
      text: z.string().optional(),
      id: z.string().optional(),
      name: z.string().optional(),
      input: z.unknown().optional(),
    }),
  ),
  usage: z.looseObject({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation_input_tokens: cachedTokens,
  }),
});
export type MessagesReply = z.infer<typeof replySchema>;

/** Anthropic's SDK for one endpoint. Nothing but these settings decides where a request goes and as whom. */
export function anthropicClient(settings: {
  readonly apiKey?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly timeoutMs: number;
}): Anthropic {
  const { apiKey, baseUrl = 'https://api.anthropic.com', timeoutMs } = settings;
  return new Anthropic({
    // Without one the SDK would look for credentials in the user's home; so it has one, and its header is left out.
    apiKey: apiKey ?? 'none',
    ...(apiKey === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    authToken: null,
    baseURL: baseUrl,
    fetch: boundedFetch,
    maxRetries: 0,
    timeout: timeoutMs,
  });
}

/**
 * A reply of the Messages API.
 * @throws {CallError} `invalid_reply` when it is something else.
 */
export function readMessagesReply(answer: unknown): MessagesReply {
  const reply = replySchema.safeParse(answer);
  if (reply.success) return reply.data;
  const problem = z.prettifyError(reply.error).slice(0, 500);
  throw new CallError('invalid_reply', `not a Messages reply: ${problem}`, {
    retryable: true,
    maybeBilled: true,
  });
}

/** The text of a reply, its blocks joined. */
export function textOf({ content }: MessagesReply): string {
  return content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
}

/** The usage as we count it; Anthropic's `input_tokens` does not hold the cached ones either. */
export function messagesUsage({ usage }: MessagesReply): Required<TokenUsage> {
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadTokens: usage.cache_read_input_tokens,
    cacheWriteTokens: usage.cache_creation_input_tokens,
  };
}
