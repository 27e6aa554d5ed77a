import type { ChatMessage, ToolCall } from '../../src/domain/chat';
import type { CallFigures, Evidence, Transcript } from '../../src/domain/experiment';

export function assistant(content: string, ...toolCalls: ToolCall[]): ChatMessage {
  return { role: 'assistant', content, ...(toolCalls.length === 0 ? {} : { toolCalls }) };
}

/** A tool call; what is not text is sent as JSON. */
export function toolCall(name: string, args: unknown = {}, denied?: true): ToolCall {
  const text = typeof args === 'string' ? args : JSON.stringify(args);
  return { id: `call-${name}`, name, arguments: text, ...(denied === undefined ? {} : { denied }) };
}

/** A transcript in which each assistant message is one call of 10 ms and 20 output tokens, unless `figures` says else. */
export function transcriptOf(
  messages: readonly (ChatMessage | string)[],
  figures: Partial<CallFigures> = {},
): Transcript {
  const said = messages.map((message) => (typeof message === 'string' ? assistant(message) : message));
  const calls = said.flatMap((message, messageIndex) =>
    message.role === 'assistant'
      ? [
          {
            model: 'test',
            finishReason: 'stop' as const,
            usage: { inputTokens: 10, outputTokens: 20 },
            latencyMs: 10,
            messageIndex,
            ...figures,
          },
        ]
      : [],
  );
  return { messages: said, calls };
}

/** The pieces of evidence whose quote is too long or does not stand in the message it names. */
export function misquoted(transcript: Transcript, evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.filter(({ messageIndex, quote }) => {
    if (quote.length > 300) return true;
    if (messageIndex === undefined) return quote !== '';
    const message = transcript.messages[messageIndex];
    if (message === undefined) return true;
    const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
    const texts = [message.content, ...calls.flatMap((call) => [call.name, call.arguments])];
    return !texts.some((text) => text.includes(quote));
  });
}
