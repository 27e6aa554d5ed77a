import type { Anthropic } from '@anthropic-ai/sdk';
import type { ChatMessage, ChatReply, ChatRequest, FinishReason, ToolCall } from '../domain/chat';
import { parseJson } from '../model-http/json-text';
import { messagesUsage, textOf, type MessagesReply } from '../model-http/anthropic-messages';

const FINISHED: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** The request body for a chat request. The Messages API takes no seed. */
export function messagesRequestOf(
  model: string,
  { messages, tools = [], maxOutputTokens, temperature }: ChatRequest,
): Anthropic.MessageCreateParamsNonStreaming {
  const system = messages.flatMap(({ role, content }) => (role === 'system' ? [content] : [])).join('\n\n');
  return {
    model,
    max_tokens: maxOutputTokens,
    ...(system === '' ? {} : { system }),
    messages: turnsOf(messages),
    ...(temperature === undefined ? {} : { temperature }),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            name,
            description,
            input_schema: { ...parameters, type: 'object' as const },
          })),
        }),
  };
}

/** The reply in a message. */
export function messagesChatReply(reply: MessagesReply, latencyMs: number): ChatReply {
  const toolCalls = reply.content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }, index) => ({
      id: id ?? `call_${index}`,
      name: name ?? '',
      arguments: JSON.stringify(input ?? {}),
    }));
  return {
    content: textOf(reply),
    toolCalls,
    finishReason: FINISHED[reply.stop_reason ?? ''] ?? 'other',
    usage: messagesUsage(reply),
    model: reply.model,
    latencyMs,
  };
}

/** All results of one reply's tool calls must stand together in the user's next turn. */
function turnsOf(messages: readonly ChatMessage[]): Anthropic.MessageParam[] {
  const turns: Anthropic.MessageParam[] = [];
  let results: Anthropic.ToolResultBlockParam[] | undefined;
  for (const message of messages) {
    switch (message.role) {
      case 'system':
        continue;
      case 'tool':
        if (results === undefined) turns.push({ role: 'user', content: (results = []) });
        results.push({ type: 'tool_result', tool_use_id: message.toolCallId, content: message.content });
        continue;
      case 'user':
      case 'assistant':
        results = undefined;
        turns.push({ role: message.role, content: contentOf(message) });
    }
  }
  return turns;
}

function contentOf(message: ChatMessage): Anthropic.MessageParam['content'] {
  const toolCalls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  if (toolCalls.length === 0) return message.content;
  const said = message.content === '' ? [] : [{ type: 'text' as const, text: message.content }];
  return [...said, ...toolCalls.map(toolUse)];
}

function toolUse({ id, name, arguments: text }: ToolCall): Anthropic.ToolUseBlockParam {
  return { type: 'tool_use', id, name, input: inputOf(text) };
}

/** The API takes nothing but objects; it made the arguments of its own calls from one. */
function inputOf(text: string): object {
  const input = parseJson(text);
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { arguments: text };
}
