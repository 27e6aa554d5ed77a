import { randomUUID } from 'node:crypto';
import type { OpenAI } from 'openai';
import type { ToolCall, ToolDefinition } from '../domain/chat';
import { guardedMethod, type InOnePiece, type Method } from './client-method';
import {
  schemaOf,
  textsIn,
  withTexts,
  type ClientDialect,
  type SeenMessage,
  type SentRequest,
} from './dialect';
import type { Guard } from './guard';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Message = OpenAI.ChatCompletionMessageParam;
type Completion = OpenAI.ChatCompletion;

/** As much of OpenAI's client, or of another with its Chat Completions, as is guarded. */
interface ChatCompletions<Create> {
  readonly chat: { readonly completions: { readonly create: Create } };
}

/**
 * A client whose Chat Completions go through a guard. It has nothing else, so that no request gets past by another method.
 * Streams are for requests whose answer nothing has to judge.
 */
export function guardOpenAI<Create extends Method>(
  client: ChatCompletions<Create>,
  guard: Guard,
): ChatCompletions<InOnePiece<Create>> {
  const create = guardedMethod(guard, CHAT_COMPLETIONS, client.chat.completions);
  return { chat: { completions: { create } } };
}

/** The output limit by its older name, which compatible servers take. */
function olderLimitOf({ max_tokens }: { readonly max_tokens?: number | null }): number | null | undefined {
  return max_tokens;
}

const CHAT_COMPLETIONS: ClientDialect<Params, Completion> = {
  read(params) {
    const { messages, temperature } = params;
    const maxOutputTokens = params.max_completion_tokens ?? olderLimitOf(params);
    const prompt = promptAt(messages);
    return {
      systemPrompt: textsIn(messages[prompt]?.content).at(-1) ?? '',
      messages: messages.map((message, index) => seenMessage(message, index === prompt)),
      tools: (params.tools ?? []).flatMap(definitionOf),
      ...(typeof temperature === 'number' ? { temperature } : {}),
      ...(typeof maxOutputTokens === 'number' ? { maxOutputTokens } : {}),
      streamed: Boolean(params.stream),
    };
  },

  write(params, seen, sent) {
    const { temperature, maxOutputTokens, systemPrompt } = sent;
    const limit = typeof olderLimitOf(params) === 'number' ? 'max_tokens' : 'max_completion_tokens';
    const messages = sentMessages(params.messages, sent);
    return {
      ...params,
      messages: systemPrompt === seen.systemPrompt ? messages : withPrompt(messages, systemPrompt),
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxOutputTokens === undefined ? {} : { [limit]: maxOutputTokens }),
    };
  },

  standIn: ({ model }, content) => ({
    id: `tinman-${randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    model,
    choices: [
      {
        index: 0,
        finish_reason: 'stop',
        logprobs: null,
        message: { role: 'assistant', content, refusal: null },
      },
    ],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  }),

  // A server may answer an error as if it were none; that is for the application to see.
  answersOf: ({ choices = [] }: Partial<Completion>) =>
    choices.map(({ message }) => ({
      content: message.content ?? message.refusal ?? '',
      toolCalls: (message.tool_calls ?? []).map((handle) => ({ call: callOf(handle), handle })),
    })),

  rewrite: (completion, answers) => ({
    ...completion,
    choices: completion.choices.map((choice, index) => {
      const { text: content, blocked } = answers[index] ?? { text: '', blocked: true };
      const { tool_calls: calls, ...message } = choice.message;
      if (blocked) {
        const said = { role: 'assistant', content, refusal: null } as const;
        return { ...choice, finish_reason: 'stop' as const, logprobs: null, message: said };
      }
      if (content === (message.content ?? message.refusal ?? '')) return choice;
      const kept = calls === undefined ? {} : { tool_calls: calls };
      // Probabilities of tokens would tell what was redacted.
      return { ...choice, logprobs: null, message: { ...message, content, refusal: null, ...kept } };
    }),
  }),
};

/** The place of the message that is the application's own prompt, -1 when there is none. */
function promptAt(messages: readonly Message[]): number {
  return messages.findIndex(({ role }) => role === 'system' || role === 'developer');
}

function withPrompt(messages: readonly Message[], prompt: string): Message[] {
  const at = promptAt(messages);
  if (at < 0) return [{ role: 'system', content: prompt }, ...messages];
  return messages.map((message, index) => {
    if (index !== at || (message.role !== 'system' && message.role !== 'developer')) return message;
    const texts = textsIn(message.content).toSpliced(-1, 1, prompt);
    return { ...message, content: withTexts(message.content, texts) };
  });
}

function sentMessages(messages: readonly Message[], { texts }: SentRequest): Message[] {
  return messages.flatMap((message, index): Message[] => {
    const kept = texts[index];
    if (kept === null || kept === undefined) return [];
    return message.role === 'user' ? [{ ...message, content: withTexts(message.content, kept) }] : [message];
  });
}

function seenMessage(message: Message, isPrompt: boolean): SeenMessage {
  const texts = textsIn(message.content).slice(0, isPrompt ? -1 : undefined);
  if (message.role === 'user') return { role: 'user', texts };
  if (message.role === 'assistant') {
    return { role: 'assistant', texts, toolCalls: (message.tool_calls ?? []).map(callOf) };
  }
  if (message.role !== 'tool') return { role: 'other', texts };
  return { role: 'other', texts: [], toolResults: new Map([[message.tool_call_id, texts.join('')]]) };
}

function callOf(call: OpenAI.ChatCompletionMessageToolCall): ToolCall {
  return call.type === 'custom'
    ? { id: call.id, name: call.custom.name, arguments: call.custom.input }
    : { id: call.id, name: call.function.name, arguments: call.function.arguments };
}

/** Custom tools have no schema, and nothing to hold a call against. */
function definitionOf(tool: OpenAI.ChatCompletionTool): readonly ToolDefinition[] {
  if (tool.type !== 'function') return [];
  const { name, description = '', parameters = {} } = tool.function;
  return [{ name, description, parameters: schemaOf(parameters) }];
}
