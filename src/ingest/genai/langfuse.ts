import type { AttributeValue } from '../../domain/trace';
import type { GenAiMessage, GenAiOperationKind } from '../../domain/trace-genai';
import type { AttributeView } from './attribute-view';
import { decoded, firstMember, isAttributeList, isAttributeRecord, textOf } from './attribute-view';
import { operationOf, recordedUsage, type Convention, type GenAiFacts, type UsageKeys } from './convention';
import { messagesOf, said } from './messages';
import { offeredToolsOf } from './tool-definitions';
import { usageOf, type UsageInclusion } from './usage';

/** A `SPAN` may be anything: another convention may know what. */
const OPERATIONS: Readonly<Record<string, GenAiOperationKind>> = {
  generation: 'chat',
  embedding: 'embeddings',
  agent: 'agent',
  tool: 'tool',
  chain: 'workflow',
  retriever: 'retrieval',
  evaluator: 'evaluation',
  guardrail: 'guardrail',
  span: 'other',
  event: 'other',
};

/** A column of an observation, by Langfuse's own attribute, or by its name in an export. */
const column = (attribute: string, ...names: readonly string[]): readonly string[] => [
  `langfuse.observation.${attribute}`,
  ...names,
];

const details = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [
    `usage_details.${name}`,
    `usageDetails.${name}`,
    `usage.${name}`,
    `langfuse.observation.usage_details.${name}`,
    `langfuse.observation.usage.${name}`,
  ]);

const USAGE: UsageKeys = {
  input: [
    ...details('input', 'prompt_tokens', 'promptTokens', 'input_tokens'),
    'langfuse.observation.prompt_tokens',
  ],
  output: [
    ...details('output', 'completion_tokens', 'completionTokens', 'output_tokens'),
    'langfuse.observation.completion_tokens',
  ],
  total: [...details('total', 'total_tokens', 'totalTokens'), 'langfuse.observation.total_tokens'],
  cacheRead: details(
    'input_cached_tokens',
    'input_cache_read',
    'cache_read_input_tokens',
    'prompt_details.cache_read',
    'prompt_tokens_details.cached_tokens',
  ),
  cacheWrite: details(
    'input_cache_creation',
    'cache_creation_input_tokens',
    'prompt_details.cache_write',
    'input_cache_write',
  ),
  reasoning: details(
    'output_reasoning_tokens',
    'output_reasoning',
    'completion_details.reasoning',
    'reasoning_tokens',
  ),
};

const APART: UsageInclusion = { cacheInInput: false, reasoningInOutput: false };

/**
 * Langfuse observations. The entries of `usageDetails` are counted apart and `total` is their sum, unless the total says
 * otherwise: it may repeat the details of an instrumentation that counts them in.
 * Source: https://langfuse.com/docs/observability/features/token-and-cost-tracking
 */
export const langfuse: Convention = {
  name: 'langfuse',
  marks: /^langfuse\.observation\./,
  plainMarks: { format: 'langfuse', marks: /^(?:type|model|usage|usageDetails|input|output)$/ },
  read(view) {
    const operation = operationOf(OPERATIONS, view.text(...column('type', 'type')));
    const [input, output] = [io(view, 'input'), io(view, 'output')];
    const isCall = operation === 'chat' || operation === 'embeddings';
    return {
      operation,
      responseModel: view.text(...column('model.name', 'model')),
      usage: isCall ? usageOf(recordedUsage(unpacked(view), USAGE), APART) : undefined,
      recordedCostUsd: costOf(view),
      toolDefinitions: isCall
        ? offeredToolsOf(
            toolsOf(input, decoded(view.value(...column('tool_definitions', 'toolDefinitions')))),
          )
        : undefined,
      conversationId: view.text('langfuse.session.id', 'sessionId'),
      ...(operation === 'tool' ? executed(input, output) : {}),
      ...(operation === 'tool' || operation === 'other' ? {} : conversation(input, output)),
    };
  },
};

function io(view: AttributeView, side: 'input' | 'output'): AttributeValue | undefined {
  return decoded(view.value(...column(side, side)));
}

/** Details that are JSON text become readable by their paths. */
function unpacked(view: AttributeView): AttributeView {
  const text = decoded(view.value('langfuse.observation.usage_details', 'usage_details'));
  return isAttributeRecord(text) ? view.with({ usage_details: text }) : view;
}

/** A cost of 0 without details is Langfuse's word for an unknown price. */
function costOf(view: AttributeView): number | undefined {
  const split = decoded(view.value(...column('cost_details', 'costDetails')));
  const total = firstMember(split, ['total']);
  const recorded =
    typeof total === 'number'
      ? total
      : view.number(
          ...column('total_cost', 'totalCost'),
          ...column('calculated_total_cost', 'calculatedTotalCost'),
        );
  return recorded === 0 && total === undefined ? undefined : recorded;
}

function executed(input: AttributeValue | undefined, output: AttributeValue | undefined): GenAiFacts {
  return {
    toolArguments: input === undefined ? undefined : textOf(input),
    toolResult: output === undefined ? undefined : textOf(output),
  };
}

function conversation(input: AttributeValue | undefined, output: AttributeValue | undefined): GenAiFacts {
  const choices = firstMember(output, ['choices']);
  const replies = isAttributeList(choices) ? choices : listed(output);
  return {
    inputMessages: messages(
      firstMember(input, ['messages']) ?? firstMember(input, ['prompt']) ?? input,
      'user',
    ),
    outputMessages: replies.flatMap((reply) => messages(reply, 'assistant')),
    finishReasons: replies.map((reply) => textOf(firstMember(reply, ['finish_reason', 'finishReason']))),
  };
}

function listed(value: AttributeValue | undefined): readonly AttributeValue[] {
  if (value === undefined) return [];
  return isAttributeList(value) ? value : [value];
}

/** Objects that are no messages are inputs of something else, and are not read as what somebody said. */
function messages(value: AttributeValue | undefined, role: string): readonly GenAiMessage[] {
  const whole = decoded(value);
  if (typeof whole === 'string') return whole === '' ? [] : [said(role, whole)];
  return messagesOf(listed(whole), role);
}

function toolsOf(
  input: AttributeValue | undefined,
  definitions: AttributeValue | undefined,
): readonly AttributeValue[] {
  const offered = decoded(firstMember(input, ['tools', 'functions']));
  if (isAttributeList(offered)) return offered;
  if (!isAttributeRecord(definitions)) return listed(definitions);
  return Object.entries(definitions).map(([name, definition]) => {
    const known = decoded(definition);
    return isAttributeRecord(known) ? { name, ...known } : { name };
  });
}
