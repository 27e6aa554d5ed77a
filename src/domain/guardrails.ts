import type { ChatMessage, ToolCall, ToolDefinition } from './chat';
import type { FindSchemaViolation, MatchPattern } from './detection';
import { DomainError } from './errors';
import type { GuardrailRule, TargetConfiguration, ToolPolicyRule } from './target';
import { utf8Bytes } from './text-size';
import { callIdentity, parseArguments } from './tool-arguments';

/** How much longer one rule may make a text by redaction, in bytes; one that would grow more is replaced as a whole. */
const REDACTION_ROOM = 1_024;

/** Most places that are redacted one by one in a text; with more, the text is replaced as a whole. */
const MAX_REDACTIONS = 1_000;

/** A text as the rules leave it; when blocked, `text` is the answer that stands in for the model's. */
export interface GuardedText {
  readonly text: string;
  readonly blocked: boolean;
}

/** A text that goes to the target. @throws {DomainError} `invalid_experiment` for an unusable pattern. */
export function applyInputGuardrails(
  { inputGuardrails }: Pick<TargetConfiguration, 'inputGuardrails'>,
  text: string,
  match: MatchPattern,
): GuardedText {
  return applyRules(inputGuardrails, text, match);
}

/** A text that comes from the target. @throws {DomainError} `invalid_experiment` for an unusable pattern. */
export function applyOutputGuardrails(
  { outputGuardrails }: Pick<TargetConfiguration, 'outputGuardrails'>,
  text: string,
  match: MatchPattern,
): GuardedText {
  return applyRules(outputGuardrails, text, match);
}

export type ToolCallJudgement =
  { readonly decision: 'allow' } | { readonly decision: 'deny'; readonly message: string };

/**
 * Whether the application makes a tool call; the first rule that denies it decides. `history` is everything before the
 * call: where its message has earlier calls, those too, with the ones denied marked.
 */
export function judgeToolCall(
  { toolPolicies }: Pick<TargetConfiguration, 'toolPolicies'>,
  call: ToolCall,
  history: readonly ChatMessage[],
  tools: readonly ToolDefinition[],
  schemaViolation: FindSchemaViolation,
): ToolCallJudgement {
  const denies = (rule: ToolPolicyRule): boolean => {
    if (rule.kind === 'max_identical_calls') return timesMade(call, history) >= rule.times;
    if (rule.kind === 'validate_arguments') return violatesSchema(call, tools, schemaViolation);
    return rule.tool === call.name && (rule.kind === 'deny' || !isConfirmed(call, history));
  };
  const denying = toolPolicies.find(denies);
  return denying === undefined ? { decision: 'allow' } : { decision: 'deny', message: denying.message };
}

/** The most bytes that a text of so many can have once the rules have been applied. */
export function guardedBytes(rules: readonly GuardrailRule[], bytes: number): number {
  const replacements = rules.map(({ action, replacement }) => ({ action, size: utf8Bytes(replacement) }));
  const grown = replacements
    .filter(({ action }) => action === 'redact')
    .reduce((sum, { size }) => sum + Math.max(REDACTION_ROOM, size), bytes);
  return Math.max(grown, ...replacements.map(({ size }) => size));
}

function applyRules(rules: readonly GuardrailRule[], original: string, match: MatchPattern): GuardedText {
  let text = original;
  for (const rule of rules) {
    if (rule.action === 'redact') text = redact(rule, text, match);
    else if (match(rule.pattern, '', text) !== undefined) return { text: rule.replacement, blocked: true };
  }
  return { text, blocked: false };
}

/** Matches of nothing hide nothing and are passed over. */
function redact({ pattern, replacement }: GuardrailRule, text: string, match: MatchPattern): string {
  const kept: string[] = [];
  let end = 0;
  let from = 0;
  for (let count = 0; from <= text.length; count += 1) {
    const found = match(pattern, '', text, from);
    if (found === undefined) break;
    if (count === MAX_REDACTIONS) return replacement;
    from = found.index + Math.max(1, found.text.length);
    if (found.text === '') continue;
    kept.push(text.slice(end, found.index), replacement);
    end = from;
  }
  const redacted = [...kept, text.slice(end)].join('');
  return utf8Bytes(redacted) > utf8Bytes(text) + REDACTION_ROOM ? replacement : redacted;
}

const CONFIRMS =
  /\b(?:yes|yep|yeah|ok|okay|sure|confirm|confirmed|approved?|agreed|go ahead|proceed|do it)\b/i;
const OBJECTS = /\b(?:no|not|nope|never|don['’]?t|stop|cancel|wait|hold on|instead)\b/i;

/** The same call was denied before, and the last thing the user has said since is a plain yes. */
function isConfirmed(call: ToolCall, history: readonly ChatMessage[]): boolean {
  const denied = history.findLastIndex((message) =>
    callsIn(message).some((earlier) => earlier.denied === true && isSame(earlier, call)),
  );
  const answer = denied < 0 ? undefined : history.slice(denied).findLast(({ role }) => role === 'user');
  return answer !== undefined && CONFIRMS.test(answer.content) && !OBJECTS.test(answer.content);
}

function timesMade(call: ToolCall, history: readonly ChatMessage[]): number {
  return history.flatMap(callsIn).filter((earlier) => earlier.denied !== true && isSame(earlier, call))
    .length;
}

/** A tool that was not offered has no schema to violate, and one whose schema is unusable forbids nothing. */
function violatesSchema(
  call: ToolCall,
  tools: readonly ToolDefinition[],
  schemaViolation: FindSchemaViolation,
): boolean {
  const tool = tools.find(({ name }) => name === call.name);
  if (tool === undefined) return false;
  const parsed = parseArguments(call);
  if ('mistake' in parsed) return true;
  try {
    return schemaViolation(tool.parameters, parsed.value) !== undefined;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

function callsIn(message: ChatMessage): readonly ToolCall[] {
  return message.role === 'assistant' ? (message.toolCalls ?? []) : [];
}

function isSame(a: ToolCall, b: ToolCall): boolean {
  return callIdentity(a) === callIdentity(b);
}
