import type { ToolCall } from '../../domain/chat';
import type { Attributes, Span } from '../../domain/trace';
import {
  NO_GENAI_USAGE,
  type ExecutedTool,
  type GenAiMessage,
  type GenAiOperation,
  type GenAiOperationKind,
  type GenAiUsage,
} from '../../domain/trace-genai';
import { AttributeView, decoded, isAttributeRecord, member } from './attribute-view';
import type { Convention, GenAiFacts } from './convention';
import { CONVENTIONS } from './conventions';

/** An export of Langfuse keeps the attributes of the span that an observation came from in its metadata. */
const METADATA = ['metadata', 'langfuse.observation.metadata'] as const;

/**
 * What a span says of generative AI by any known convention; null when it says nothing. It never throws, whatever the
 * attributes hold: what is not understood is left out.
 */
export function readGenAi(span: Span): GenAiOperation | null {
  const sources = sourcesOf(span);
  const readers = CONVENTIONS.filter((reader) => applies(reader, sources, span));
  if (readers.length === 0) return null;
  const view = new AttributeView(sources);
  const told = readers
    .map(({ name, read }) => ({ name, facts: read(view, span) }))
    .filter(({ facts }) => saysSomething(facts));
  if (told.length === 0) return null;
  const facts = told.map((one) => one.facts);
  return merged(
    span,
    told.map(({ name }) => name),
    facts,
  );
}

function sourcesOf({ attributes }: Span): readonly Attributes[] {
  for (const key of METADATA) {
    const inner = decoded(member(decoded(member(attributes, key)), 'attributes'));
    if (isAttributeRecord(inner)) return [attributes, inner];
  }
  return [attributes];
}

function applies(
  { marks, plainMarks }: Convention,
  sources: readonly Attributes[],
  { events, source: { format } }: Span,
): boolean {
  if (events.some(({ name }) => marks.test(name))) return true;
  const plain = plainMarks?.format === format ? plainMarks.marks : null;
  for (const source of sources) {
    for (const key in source) if (marks.test(key) || plain?.test(key) === true) return true;
  }
  return false;
}

/** A session alone makes no operation. */
function saysSomething(facts: GenAiFacts): boolean {
  return Object.entries(facts).some(
    ([field, value]: readonly [string, GenAiFacts[keyof GenAiFacts]]) =>
      field !== 'conversationId' && isSaid(value),
  );
}

function isSaid(value: GenAiFacts[keyof GenAiFacts]): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'object') return true;
  if ('inputTokens' in value) return Object.values(value).some((tokens) => tokens !== null);
  return value.some((item) => item !== '');
}

type Field = <K extends keyof GenAiFacts>(field: K) => GenAiFacts[K];

function merged(
  span: Span,
  conventions: GenAiOperation['conventions'],
  told: readonly GenAiFacts[],
): GenAiOperation {
  const of: Field = (field) => told.find((facts) => isSaid(facts[field]))?.[field];
  const usage = usageOf(told);
  const operation = operationOf(told) ?? inferredOperation(told, usage);
  const executed = operation === 'tool' ? executedTool(span, of) : null;
  const outputMessages = of('outputMessages') ?? [];
  return Object.assign(names(of), {
    spanId: span.spanId,
    conventions,
    operation,
    inputMessages: of('inputMessages') ?? [],
    outputMessages,
    usage,
    toolDefinitions: of('toolDefinitions') ?? [],
    toolCalls: executed === null ? callsOf(outputMessages) : [executed],
    executed,
    finishReasons: distinctReasons(of('finishReasons') ?? []),
  });
}

function names(
  of: Field,
): Pick<
  GenAiOperation,
  'provider' | 'requestModel' | 'responseModel' | 'recordedCostUsd' | 'conversationId' | 'maxOutputTokens'
> {
  return {
    provider: of('provider') ?? null,
    requestModel: of('requestModel') ?? null,
    responseModel: of('responseModel') ?? null,
    recordedCostUsd: of('recordedCostUsd') ?? null,
    conversationId: of('conversationId') ?? null,
    maxOutputTokens: of('maxOutputTokens') ?? null,
  };
}

function distinctReasons(reasons: readonly string[]): readonly string[] {
  const given = reasons.filter((reason) => reason !== '').map((reason) => reason.toLowerCase());
  return [...new Set(given)];
}

/** The figures of one convention, never a mixture: two of them may count parts in different ways. */
function usageOf(told: readonly GenAiFacts[]): GenAiUsage {
  const known = told.flatMap(({ usage }) => (usage === undefined ? [] : [usage]));
  return (
    known.find(({ inputTokens, outputTokens }) => inputTokens !== null || outputTokens !== null) ??
    known.find((usage) => isSaid(usage)) ??
    NO_GENAI_USAGE
  );
}

/** The first that says what it was; `other` only where nobody does. */
function operationOf(told: readonly GenAiFacts[]): GenAiOperationKind | undefined {
  const named = told.flatMap(({ operation }) => (operation === undefined ? [] : [operation]));
  return named.find((operation) => operation !== 'other') ?? named[0];
}

function inferredOperation(told: readonly GenAiFacts[], usage: GenAiUsage): GenAiOperationKind {
  if (told.some(({ toolName }) => toolName !== undefined)) return 'tool';
  return isSaid(usage) || told.some((facts) => spokeToModel(facts)) ? 'chat' : 'other';
}

function spokeToModel(facts: GenAiFacts): boolean {
  const {
    requestModel,
    responseModel,
    inputMessages = [],
    outputMessages = [],
    toolDefinitions = [],
  } = facts;
  if (requestModel !== undefined || responseModel !== undefined) return true;
  return inputMessages.length + outputMessages.length + toolDefinitions.length > 0;
}

function executedTool(span: Span, of: Field): ExecutedTool {
  return {
    id: of('toolCallId') ?? '',
    name: of('toolName') ?? span.name.replace(/^(?:execute_tool|running tool:?) /, ''),
    arguments: of('toolArguments') ?? '',
    result: of('toolResult') ?? null,
  };
}

function callsOf(messages: readonly GenAiMessage[]): readonly ToolCall[] {
  return messages.flatMap(({ toolCalls }) => toolCalls);
}
