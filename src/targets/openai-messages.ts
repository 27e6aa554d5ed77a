import type { OpenAI } from 'openai';
import { z } from 'zod';
import { NO_USAGE, type TokenUsage } from '../domain/money';
import type { ChatMessage, ChatReply, ChatRequest, FinishReason } from '../domain/chat';
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
type Completion = z.infer<typeof completionSchema>;

const FINISHED: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
};

/** The request body for a chat request. */
export function completionRequestOf(
  model: string,
  { messages, tools, maxOutputTokens, temperature, seed }: ChatRequest,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  // OpenAI would rather have their successors; compatible servers know these names.
  const classic = { max_tokens: maxOutputTokens, ...(seed === undefined ? {} : { seed }) };
  return {
    model,
    messages: messages.map(messageOf),
    ...classic,
    ...(temperature === undefined ? {} : { temperature }),
    // An empty list of tools is refused by some servers.
    ...(tools === undefined || tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            type: 'function' as const,
            function: { name, description, parameters },
          })),
        }),
  };
}

/**
 * The reply in a completion.
 * @throws {CallError} `invalid_reply` when it is something else.
 */
export function chatReplyOf(answer: unknown, askedModel: string, latencyMs: number): ChatReply {
  const parsed = completionSchema.safeParse(answer);
  if (!parsed.success) {
    const problem = z.prettifyError(parsed.error).slice(0, 500);
    throw new CallError('invalid_reply', `not a chat completion: ${problem}`, {
      retryable: true,
      maybeBilled: true,
    });
  }
  const { choices, usage, model } = parsed.data;
  const { message, finish_reason } = choices[0];
  return {
    content: message.content ?? message.refusal ?? '',
    toolCalls: (message.tool_calls ?? []).map((call, index) => ({
      id: call.id ?? `call_${index}`,
      name: call.function.name,
      arguments: call.function.arguments,
    })),
    finishReason: FINISHED[finish_reason ?? ''] ?? 'other',
    ...usageOf(usage),
    model: model ?? askedModel,
    latencyMs,
  };
}

function messageOf(message: ChatMessage): OpenAI.ChatCompletionMessageParam {
  const { role, content } = message;
  if (role === 'tool') return { role, content, tool_call_id: message.toolCallId };
  if (role !== 'assistant') return { role, content };
  const { toolCalls = [] } = message;
  if (toolCalls.length === 0) return { role, content };
  return {
    role,
    content: content === '' ? null : content,
    tool_calls: toolCalls.map(({ id, name, arguments: text }) => ({
      id,
      type: 'function',
      function: { name, arguments: text },
    })),
  };
}

function usageOf(usage: Completion['usage']): { usage: TokenUsage; usageReported?: boolean } {
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
