import type { ChatMessage, ChatReply, ChatRequest, ToolCall } from './chat';
import type { CallFigures } from './experiment';
import type { PlayCaseInput } from './play-input';
import { offeredToolsOf } from './stimulus';

/** The request that a case makes of the target with these messages. */
export function requestOf(
  { testCase, configuration, seed }: PlayCaseInput,
  messages: readonly ChatMessage[],
  maxOutputTokens: number,
): ChatRequest {
  const tools = offeredToolsOf(testCase);
  return {
    messages,
    maxOutputTokens,
    seed,
    ...(tools.length === 0 ? {} : { tools }),
    ...(configuration.temperature === undefined ? {} : { temperature: configuration.temperature }),
  };
}

/** The figures of a call whose answer has this place in the transcript. */
export function figuresOf(reply: ChatReply, messageIndex: number): CallFigures {
  const { model, finishReason, usage, usageReported, latencyMs } = reply;
  const reported = usageReported === undefined ? {} : { usageReported };
  return { model, finishReason, usage, ...reported, latencyMs, messageIndex };
}

/** A target may send anything; PostgreSQL's jsonb takes neither NUL nor half a surrogate pair. */
export function storable(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\u{FFFD}');
}

export function storableCall({ id, name, arguments: text }: ToolCall): ToolCall {
  return { id: storable(id), name: storable(name), arguments: storable(text) };
}

export function answerMessage(content: string, toolCalls: readonly ToolCall[]): ChatMessage {
  return { role: 'assistant', content, ...(toolCalls.length === 0 ? {} : { toolCalls }) };
}
