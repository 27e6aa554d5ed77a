import type { ChatMessage, ChatRequest, ToolCall, ToolDefinition } from '../../domain/chat';
import { isFailure } from './tool-results';
import { cutToWindow } from './window';
import { splitDocuments, type ShownDocument } from './shown-documents';
import { drawOf, isRepaired, type ActiveFaults, type DemoFault } from './faults';

/** A tool call since the last user turn, with the result that came back. */
export interface ToolStep {
  readonly call: ToolCall;
  readonly result: string;
}

/** A request as the application understands it. */
export interface Talk {
  readonly system: string;
  readonly documents: readonly ShownDocument[];
  /** What the user said turn by turn, without documents. Never empty. */
  readonly turns: readonly string[];
  readonly last: string;
  readonly answers: readonly string[];
  readonly steps: readonly ToolStep[];
  readonly tools: readonly ToolDefinition[];
  readonly maxOutputTokens: number;
  /** Whether a tool failed before the last user turn. */
  readonly failedBefore: boolean;
  /** Characters of all messages. */
  readonly promptChars: number;
  /** What tells this conversation from others: seed and first user message. */
  readonly conversation: string;
  /** Whether a planted fault is in force here: switched on, drawn for this conversation, and not repaired. */
  shows(fault: DemoFault): boolean;
}

/** What a skill of the application says or calls; a skill that does not apply returns undefined. */
export interface Draft {
  readonly content: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
}
export type Skill = (talk: Talk) => Draft | undefined;

/** Reads a request. `ownPrompt` stands in where the request has no system message. */
export function readTalk(request: ChatRequest, ownPrompt: string, faults: ActiveFaults): Talk {
  const { messages, seed = 0 } = request;
  const system = textsOf(messages, 'system').join('\n') || ownPrompt;
  const said = textsOf(messages, 'user').map(splitDocuments);
  const conversation = said[0]?.rest ?? '';
  const shows = (fault: DemoFault): boolean =>
    faults.has(fault) &&
    !isRepaired(fault, system) &&
    drawOf(seed, fault, conversation) < (faults.get(fault) ?? 0);
  const read = shows('window_cut') ? cutToWindow({ system, said }) : { system, said };
  const turns = read.said.map(({ rest }) => rest);
  return {
    system: read.system,
    documents: read.said.flatMap(({ documents }) => documents),
    turns,
    last: turns.at(-1) ?? '',
    answers: textsOf(messages, 'assistant'),
    steps: stepsSinceLastTurn(messages),
    tools: request.tools ?? [],
    maxOutputTokens: request.maxOutputTokens,
    failedBefore: hasFailedBefore(messages),
    promptChars: messages.reduce((sum, { content }) => sum + content.length, 0),
    conversation: JSON.stringify([seed, conversation]),
    shows,
  };
}

function hasFailedBefore(messages: readonly ChatMessage[]): boolean {
  const before = messages.slice(
    0,
    messages.findLastIndex(({ role }) => role === 'user'),
  );
  return before.some(({ role, content }) => role === 'tool' && isFailure(content));
}

function textsOf(messages: readonly ChatMessage[], role: 'system' | 'user' | 'assistant'): string[] {
  return messages.filter((message) => message.role === role).map(({ content }) => content);
}

function stepsSinceLastTurn(messages: readonly ChatMessage[]): readonly ToolStep[] {
  const recent = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  const results = new Map(
    recent.flatMap((message) =>
      message.role === 'tool' ? [[message.toolCallId, message.content] as const] : [],
    ),
  );
  return recent
    .flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
    .map((call) => ({ call, result: results.get(call.id) ?? '' }));
}
