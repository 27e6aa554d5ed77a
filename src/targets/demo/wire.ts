import { z } from 'zod';
import type { ChatMessage, ChatReply, ChatRequest } from '../../domain/chat';

const MAX_MESSAGES = 1_000;
const MAX_OUTPUT_TOKENS = 32_000;
const DEFAULT_OUTPUT_TOKENS = 1_000;

const Text = z.union([
  z.string(),
  z
    .array(z.object({ type: z.literal('text'), text: z.string() }))
    .transform((parts) => parts.map(({ text }) => text).join('\n')),
]);
const Call = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
const Message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: Text }),
  z.object({ role: z.literal('user'), content: Text }),
  z.object({ role: z.literal('assistant'), content: Text.nullish(), tool_calls: z.array(Call).optional() }),
  z.object({ role: z.literal('tool'), content: Text, tool_call_id: z.string() }),
]);
const Tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().min(1),
    description: z.string().default(''),
    parameters: z.record(z.string(), z.json()).default({}),
  }),
});
const OutputLimit = z.int().min(1).max(MAX_OUTPUT_TOKENS).nullish();

/** The body of `POST /v1/chat/completions`, as far as the demo honours it; other fields are let pass. */
export const CompletionBody = z.object({
  /** Any name: there is one application here, and it answers under its own. */
  model: z.string().min(1),
  messages: z.array(Message).min(1).max(MAX_MESSAGES),
  tools: z.array(Tool).nullish(),
  max_tokens: OutputLimit,
  max_completion_tokens: OutputLimit,
  temperature: z.number().min(0).max(2).nullish(),
  seed: z.int().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  n: z.literal(1).nullish(),
});
export type CompletionBody = z.infer<typeof CompletionBody>;

export function requestOf(body: CompletionBody): ChatRequest {
  const names = new Map(
    body.messages.flatMap((message) =>
      message.role === 'assistant'
        ? (message.tool_calls ?? []).map((call) => [call.id, call.function.name] as const)
        : [],
    ),
  );
  return {
    messages: body.messages.map((message) => messageOf(message, names)),
    tools: (body.tools ?? []).map((tool) => tool.function),
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? DEFAULT_OUTPUT_TOKENS,
    ...(body.seed == null ? {} : { seed: body.seed }),
  };
}

function messageOf(message: z.infer<typeof Message>, names: ReadonlyMap<string, string>): ChatMessage {
  if (message.role === 'assistant') {
    const toolCalls = (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }));
    return { role: 'assistant', content: message.content ?? '', toolCalls };
  }
  const { content } = message;
  if (message.role === 'tool') {
    const toolCallId = message.tool_call_id;
    return { role: 'tool', content, toolCallId, name: names.get(toolCallId) ?? '' };
  }
  return { role: message.role === 'user' ? 'user' : 'system', content };
}

interface Stamp {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
}

/** The answer in one piece. */
export function completionOf(reply: ChatReply, stamp: Stamp): object {
  const calls = callsOf(reply);
  const message = {
    role: 'assistant',
    content: reply.content === '' && calls.length > 0 ? null : reply.content,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...stamp,
    object: 'chat.completion',
    model: reply.model,
    choices: [{ index: 0, message, finish_reason: reply.finishReason, logprobs: null }],
    usage: usageOf(reply),
  };
}

/** The answer as the chunks of a stream; the usage comes last where it was asked for. */
export function chunksOf(reply: ChatReply, stamp: Stamp, includeUsage: boolean): readonly object[] {
  const head = { ...stamp, object: 'chat.completion.chunk', model: reply.model };
  const chunk = (delta: object, finish: string | null = null): object => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...(includeUsage ? { usage: null } : {}),
  });
  const words = reply.content.match(/[\s\S]{1,40}(?:\s|$)|[\s\S]{1,40}/g) ?? [];
  return [
    chunk({ role: 'assistant', content: '' }),
    ...words.map((content) => chunk({ content })),
    ...callsOf(reply).map((call, index) => chunk({ tool_calls: [{ index, ...call }] })),
    chunk({}, reply.finishReason),
    ...(includeUsage ? [{ ...head, choices: [], usage: usageOf(reply) }] : []),
  ];
}

function callsOf({ toolCalls }: ChatReply): readonly object[] {
  return toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
}

function usageOf({ usage: { inputTokens, outputTokens } }: ChatReply): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}
