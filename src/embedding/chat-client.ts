import type { ChatMessage, ChatReply, ChatRequest } from '../domain/chat';
import { NO_USAGE } from '../domain/money';
import type { ClientDialect, SeenMessage } from './dialect';
import type { Guard } from './guard';

/** A model behind any client, in the words of this package. */
export type Chat = (request: ChatRequest) => PromiseLike<ChatReply>;

/** A client of your own that goes through a guard. */
export function guardChat(chat: Chat, guard: Guard): (request: ChatRequest) => Promise<ChatReply> {
  return (request) => guard.exchange(CHAT, request, chat);
}

const CHAT: ClientDialect<ChatRequest, ChatReply> = {
  read({ messages, tools = [], temperature, maxOutputTokens }) {
    return {
      systemPrompt: messages[promptAt(messages)]?.content ?? '',
      messages: messages.map((message, index) => seenMessage(message, index === promptAt(messages))),
      tools,
      ...(temperature === undefined ? {} : { temperature }),
      maxOutputTokens,
      streamed: false,
    };
  },

  write(request, seen, { systemPrompt, temperature, maxOutputTokens = request.maxOutputTokens, texts }) {
    const kept = request.messages.flatMap((message, index): ChatMessage[] => {
      const [text = message.content] = texts[index] ?? [];
      if (texts[index] === null) return [];
      return message.role === 'user' ? [{ ...message, content: text }] : [message];
    });
    return {
      ...request,
      messages: systemPrompt === seen.systemPrompt ? kept : withPrompt(kept, systemPrompt),
      maxOutputTokens,
      ...(temperature === undefined ? {} : { temperature }),
    };
  },

  standIn: (_request, content) => ({
    content,
    toolCalls: [],
    finishReason: 'stop',
    usage: NO_USAGE,
    model: 'none',
    latencyMs: 0,
  }),

  answersOf: ({ content, toolCalls }) => [
    { content, toolCalls: toolCalls.map((call) => ({ call, handle: call })) },
  ],

  rewrite: (reply, [answer]) => ({
    ...reply,
    content: answer?.text ?? '',
    ...(answer?.blocked === false ? {} : { toolCalls: [], finishReason: 'stop' }),
  }),
};

function withPrompt(messages: readonly ChatMessage[], content: string): readonly ChatMessage[] {
  const prompt = { role: 'system', content } as const;
  const at = promptAt(messages);
  return at < 0 ? [prompt, ...messages] : messages.with(at, prompt);
}

function promptAt(messages: readonly ChatMessage[]): number {
  return messages.findIndex(({ role }) => role === 'system');
}

function seenMessage(message: ChatMessage, isPrompt: boolean): SeenMessage {
  const { role, content } = message;
  if (isPrompt) return { role: 'other', texts: [] };
  if (role === 'tool') {
    return { role: 'other', texts: [], toolResults: new Map([[message.toolCallId, content]]) };
  }
  if (role === 'assistant') return { role, texts: [content], toolCalls: message.toolCalls ?? [] };
  return { role: role === 'user' ? 'user' : 'other', texts: [content] };
}
