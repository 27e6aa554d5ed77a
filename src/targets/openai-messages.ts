import type { OpenAI } from 'openai';
import type { ChatMessage, ChatReply, ChatRequest, FinishReason } from '../domain/chat';
import type { CompletionBody } from '../model-http/chat-completions';
import { completionUsage, readCompletion } from '../model-http/completion';

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
): CompletionBody {
  // OpenAI calls it deprecated; compatible servers answer reproducibly by it.
  const seeded = seed === undefined ? {} : { seed };
  return {
    model,
    messages: messages.map(openAiMessageOf),
    max_tokens: maxOutputTokens,
    ...seeded,
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
  const { choices, usage, model } = readCompletion(answer);
  const { message, finish_reason } = choices[0];
  return {
    content: message.content ?? message.refusal ?? '',
    toolCalls: (message.tool_calls ?? []).map((call, index) => ({
      id: call.id ?? `call_${index}`,
      name: call.function.name,
      arguments: call.function.arguments,
    })),
    finishReason: FINISHED[finish_reason ?? ''] ?? 'other',
    ...completionUsage(usage),
    model: model ?? askedModel,
    latencyMs,
  };
}

/** A message in OpenAI's form, which many other endpoints take as well. */
export function openAiMessageOf(message: ChatMessage): OpenAI.ChatCompletionMessageParam {
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
