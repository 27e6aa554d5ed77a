import type { ToolCall } from '../chat';
import type { TextScope } from '../detector';
import type { Transcript } from '../experiment';
import type { ParsedArguments } from '../tool-arguments';
import { parseArguments } from '../tool-arguments';

/** An assistant message with its place in the transcript. */
export interface Answer {
  readonly messageIndex: number;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

/** A tool call with the place of the message that made it. */
export interface PlacedCall {
  readonly messageIndex: number;
  readonly call: ToolCall;
  readonly parsed: ParsedArguments;
}

/** All assistant messages, in order. */
export function answersOf(transcript: Transcript): readonly Answer[] {
  return transcript.messages.flatMap((message, messageIndex) =>
    message.role === 'assistant'
      ? [{ messageIndex, text: message.content, toolCalls: message.toolCalls ?? [] }]
      : [],
  );
}

/** The assistant messages that a text detector looks at; none when the scope names a message that does not exist. */
export function answersIn(transcript: Transcript, scope: TextScope = 'final'): readonly Answer[] {
  const answers = answersOf(transcript);
  if (scope === 'any') return answers;
  const answer = answers.at(scope === 'final' ? -1 : scope);
  return answer === undefined ? [] : [answer];
}

/** As `answersIn`, but under `any` without messages that only call tools: a rule on the form of answers is not about those. */
export function statementsIn(transcript: Transcript, scope: TextScope | undefined): readonly Answer[] {
  const answers = answersIn(transcript, scope);
  if (scope !== 'any') return answers;
  return answers.filter(({ text, toolCalls }) => text !== '' || toolCalls.length === 0);
}

/** The calls that the application let through, in order; one that a tool policy denied was never made. */
export function callsOf(transcript: Transcript): readonly PlacedCall[] {
  return answersOf(transcript).flatMap(({ messageIndex, toolCalls }) =>
    toolCalls
      .filter(({ denied }) => denied !== true)
      .map((call) => ({ messageIndex, call, parsed: parseArguments(call) })),
  );
}

/** What a scope is called in an explanation. */
export function scopeName(scope: TextScope = 'final'): string {
  if (scope === 'final') return 'the final answer';
  return scope === 'any' ? 'an answer' : `answer ${scope + 1}`;
}

/** What is wrong with a scope. */
export function scopeProblem(scope: TextScope | undefined): string | undefined {
  if (typeof scope !== 'number' || (Number.isInteger(scope) && scope >= 0)) return undefined;
  return `there is no assistant message number ${scope}`;
}
