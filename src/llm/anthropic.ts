import type { Anthropic } from '@anthropic-ai/sdk';
import { z } from 'zod';
import {
  anthropicClient,
  messagesUsage,
  readMessagesReply,
  textOf,
  type MessagesReply,
} from '../model-http/anthropic-messages';
import { parseJson } from '../model-http/json-text';
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

const STOP_REASONS: Readonly<Record<string, LlmReply['stopReason']>> = {
  tool_use: 'answered',
  end_turn: 'answered',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refusal',
};

function createAnthropicLlm(settings: AnthropicSettings): Llm {
  const timeoutMs = settings.timeout_seconds * 1_000;
  const client = anthropicClient({ apiKey: settings.api_key, baseUrl: settings.base_url, timeoutMs });
  const price = priceOf(settings.model);

  return {
    provider: 'anthropic',
    model: settings.model,
    ...(price === undefined ? {} : { price }),
    async ask(request, signal) {
      const { answer, latencyMs } = await callProvider(signal, timeoutMs, (ending) =>
        client.messages.create(messageOf(settings.model, request), { signal: ending }),
      );
      const reply = readMessagesReply(answer);
      return { ...outputOf(reply), usage: messagesUsage(reply), model: reply.model, latencyMs };
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

function outputOf(reply: MessagesReply): Pick<LlmReply, 'output' | 'rawText' | 'stopReason'> {
  const call = reply.content.find((block) => block.type === 'tool_use');
  const stopReason = STOP_REASONS[reply.stop_reason ?? ''] ?? 'other';
  if (call !== undefined)
    return { output: call.input, rawText: JSON.stringify(call.input) ?? '', stopReason };
  const text = textOf(reply);
  return { output: parseJson(text) ?? text, rawText: text, stopReason };
}
