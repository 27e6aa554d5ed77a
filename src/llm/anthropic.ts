import { Anthropic } from '@anthropic-ai/sdk';
import { z } from 'zod';
import type { TokenUsage } from '../domain/money';
import { boundedFetch } from '../model-http/bounded-fetch';
import { callProvider } from '../model-http/provider-call';
import { CallError } from '../ports/call-error';
import type { Llm, LlmReply, LlmRequest } from '../ports/llm';
import { priceOf } from './prices';
import type { LlmProvider } from './provider';

const settingsSchema = z.object({
  api_key: z.string().min(1),
  model: z.string().min(1).max(200),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  timeout_seconds: z.number().positive().max(3_600).default(600),
});
type AnthropicSettings = z.infer<typeof settingsSchema>;

/** Claude over Anthropic's Messages API. */
export const anthropic: LlmProvider<typeof settingsSchema> = {
  settings: settingsSchema,
  create: createAnthropicLlm,
};

/** How long the models endpoint may take to be called available. */
const AVAILABILITY_TIMEOUT_MS = 5_000;

const tokens = z.int().nonnegative();
const cachedTokens = tokens.nullish().transform((count) => count ?? 0);
/** What we read of a reply; blocks of other types (thinking, …) are passed over. */
const replySchema = z.looseObject({
  model: z.string().max(200),
  stop_reason: z.string().nullable(),
  content: z.array(
    z.looseObject({ type: z.string(), text: z.string().optional(), input: z.unknown().optional() }),
  ),
  usage: z.looseObject({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation_input_tokens: cachedTokens,
  }),
});
type Reply = z.infer<typeof replySchema>;

const STOP_REASONS: Readonly<Record<string, LlmReply['stopReason']>> = {
  tool_use: 'answered',
  end_turn: 'answered',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refusal',
};

function createAnthropicLlm(settings: AnthropicSettings): Llm {
  const timeoutMs = settings.timeout_seconds * 1_000;
  const client = new Anthropic({
    apiKey: settings.api_key,
    // Nothing but these settings decides where a request goes and as whom.
    authToken: null,
    baseURL: settings.base_url ?? 'https://api.anthropic.com',
    fetch: boundedFetch,
    maxRetries: 0,
    timeout: timeoutMs,
  });
  const price = priceOf(settings.model);

  return {
    provider: 'anthropic',
    model: settings.model,
    ...(price === undefined ? {} : { price }),
    async ask(request, signal) {
      const { answer, latencyMs } = await callProvider(signal, timeoutMs, (ending) =>
        client.messages.create(messageOf(settings.model, request), { signal: ending }),
      );
      const reply = replySchema.safeParse(answer);
      if (!reply.success) {
        throw new CallError('invalid_reply', `not a Messages reply: ${z.prettifyError(reply.error)}`, {
          retryable: true,
          maybeBilled: true,
        });
      }
      return { ...outputOf(reply.data), usage: usageOf(reply.data), model: reply.data.model, latencyMs };
    },
    async available(signal) {
      try {
        await callProvider(signal, AVAILABILITY_TIMEOUT_MS, (ending) =>
          client.models.list({ limit: 1 }, { signal: ending }),
        );
        return true;
      } catch (error) {
        if (error instanceof CallError) return false;
        throw error;
      }
    },
  };
}

/**
 * The answer is the input of the one tool on offer. Its use is asked for, not forced: the models from Claude 5.1 on refuse
 * a forced tool, sampling parameters and a prefilled answer with 400. Tool and system prompt are one cached prefix.
 */
function messageOf(model: string, request: LlmRequest): Anthropic.MessageCreateParamsNonStreaming {
  const { name, schema } = request.answer;
  return {
    model,
    max_tokens: request.maxOutputTokens,
    tools: [
      { name, description: 'Takes your answer.', input_schema: { ...schema, type: 'object' as const } },
    ],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    system: [
      {
        type: 'text',
        text: `${request.system}\n\nAnswer by calling the tool ${name} once, and write nothing else.`,
        cache_control: { type: 'ephemeral' },
      },
    ],
    messages: request.messages.map(({ role, content }) => ({ role, content })),
  };
}

function outputOf({ content, stop_reason }: Reply): Pick<LlmReply, 'output' | 'rawText' | 'stopReason'> {
  const text = content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
  const call = content.find((block) => block.type === 'tool_use');
  const stopReason = STOP_REASONS[stop_reason ?? ''] ?? 'other';
  if (call !== undefined)
    return { output: call.input, rawText: JSON.stringify(call.input) ?? '', stopReason };
  return { output: parseJson(text), rawText: text, stopReason };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function usageOf({ usage }: Reply): TokenUsage {
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadTokens: usage.cache_read_input_tokens,
    cacheWriteTokens: usage.cache_creation_input_tokens,
  };
}
