import type { ChatMessage, ChatReply, ToolCall, ToolDefinition } from './chat';
import type { DetectionEngines, MatchPattern } from './detection';
import { applyInputGuardrails, applyOutputGuardrails, judgeToolCall } from './guardrails';
import type { TargetConfiguration } from './target';

/** A tool call of a reply with what the application makes of it. */
export interface JudgedCall {
  /** Marked as denied when it is. */
  readonly call: ToolCall;
  /** The result that a denied call has in place of the tool's. */
  readonly denial?: string;
}

/** A reply as the application takes it; a blocked one has no tool calls. */
export interface GuardedReply {
  readonly text: string;
  readonly blocked: boolean;
  readonly toolCalls: readonly JudgedCall[];
}

/** What stands before a reply, and what the model could call. */
interface Conversation {
  /** Denied calls are marked. */
  readonly history: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
}

/**
 * Output guardrails first, then the tool policies for each call in its order. Replays and applications go through this.
 * @throws {DomainError} `invalid_experiment` for an unusable pattern.
 */
export function guardReply(
  configuration: TargetConfiguration,
  { content, toolCalls }: Pick<ChatReply, 'content' | 'toolCalls'>,
  { history, tools }: Conversation,
  engines: DetectionEngines,
): GuardedReply {
  const { text, blocked } = applyOutputGuardrails(configuration, content, engines.match);
  if (blocked) return { text, blocked, toolCalls: [] };
  const judged: JudgedCall[] = [];
  for (const call of toolCalls) {
    const sofar = { role: 'assistant', content: text, toolCalls: judged.map((one) => one.call) } as const;
    const judgement = judgeToolCall(configuration, call, [...history, sofar], tools, engines.schemaViolation);
    judged.push(
      judgement.decision === 'allow'
        ? { call }
        : { call: { ...call, denied: true }, denial: judgement.message },
    );
  }
  return { text, blocked, toolCalls: judged };
}

/** A message of a conversation, as far as guardrails look at it: a message can have several texts. */
export interface SaidMessage {
  readonly role: 'user' | 'assistant' | 'other';
  readonly texts: readonly string[];
}

/** A conversation as it is sent on. */
export interface GuardedTurns {
  /** Of each message; null where it is left out. */
  readonly texts: readonly (readonly string[] | null)[];
  /** What stands in for the model's answer, when what the user says now is blocked. */
  readonly answer?: string;
}

/**
 * Input guardrails for an application that sends the whole conversation each time. It comes to what a replay sends turn by
 * turn: what is redacted once stays redacted, and a turn that was blocked never reaches the model, nor does the answer that
 * stood in for its own.
 * @throws {DomainError} `invalid_experiment` for an unusable pattern.
 */
export function guardTurns(
  configuration: Pick<TargetConfiguration, 'inputGuardrails'>,
  messages: readonly SaidMessage[],
  match: MatchPattern,
): GuardedTurns {
  const last = messages.findLastIndex(isSaidByUser);
  const texts: (readonly string[] | null)[] = [];
  let standIn: string | undefined;
  for (const [index, message] of messages.entries()) {
    if (isSaidByUser(message)) {
      const guarded = message.texts.map((text) => applyInputGuardrails(configuration, text, match));
      standIn = guarded.find(({ blocked }) => blocked)?.text;
      texts.push(standIn === undefined ? guarded.map(({ text }) => text) : null);
      if (index === last && standIn !== undefined) return { texts, answer: standIn };
      continue;
    }
    const stoodIn = message.role === 'assistant' && message.texts.join('') === standIn;
    texts.push(stoodIn ? null : message.texts);
    standIn = undefined;
  }
  return { texts };
}

function isSaidByUser({ role, texts }: SaidMessage): boolean {
  return role === 'user' && texts.length > 0;
}
