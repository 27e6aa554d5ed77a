import type { AttributeValue, Span, SpanEvent } from '../../domain/trace';
import type { GenAiMessage, GenAiOperationKind } from '../../domain/trace-genai';
import { AttributeView, decoded, firstMember, isAttributeList, textOf } from './attribute-view';
import { operationOf, recordedUsage, type Convention, type GenAiFacts, type UsageKeys } from './convention';
import { messageOf, messagesOf } from './messages';
import { offeredToolsOf } from './tool-definitions';
import { INCLUSIVE, usageOf } from './usage';

const OPERATIONS: Readonly<Record<string, GenAiOperationKind>> = {
  chat: 'chat',
  generate_content: 'chat',
  text_completion: 'completion',
  embeddings: 'embeddings',
  execute_tool: 'tool',
  invoke_agent: 'agent',
  create_agent: 'agent',
  invoke_workflow: 'workflow',
  plan: 'task',
  retrieval: 'retrieval',
  // LangSmith's exporter writes its own kinds.
  chain: 'workflow',
  agent: 'agent',
  tool: 'tool',
  retriever: 'retrieval',
  embedding: 'embeddings',
};

const USAGE: UsageKeys = {
  input: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
  output: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'],
  total: ['gen_ai.usage.total_tokens', 'llm.usage.total_tokens'],
  cacheRead: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.input_tokens.cached',
    'gen_ai.usage.details.cache_read_tokens',
  ],
  cacheWrite: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'gen_ai.usage.input_tokens.cache_write',
    'gen_ai.usage.details.cache_write_tokens',
  ],
  reasoning: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'gen_ai.usage.output_tokens.reasoning',
    'gen_ai.usage.details.reasoning_tokens',
  ],
};

/** The events of conventions up to 1.36, each a message. */
const MESSAGE_EVENT = /^gen_ai\.(system|user|assistant|tool)\.message$/;

/**
 * OpenTelemetry's conventions for generative AI, the current names and those before. `gen_ai.usage.input_tokens` includes
 * what was read from and written to a cache, `gen_ai.usage.output_tokens` includes reasoning.
 * Source: https://github.com/open-telemetry/semantic-conventions-genai, attribute registry of `gen_ai`; older names:
 * https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai.
 */
export const opentelemetry: Convention = {
  name: 'opentelemetry',
  marks: /^gen_ai\./,
  read(view, span) {
    // Spreading into a literal takes fifty times as long, and this is done for every span.
    return Object.assign(scalars(view, span), conversation(view, span.events), {
      usage: usageOf(recordedUsage(view, USAGE), INCLUSIVE),
      toolDefinitions: offeredToolsOf(view.list('gen_ai.tool.definitions', 'gen_ai.request.tools')),
    });
  },
};

function scalars(view: AttributeView, span: Span): GenAiFacts {
  const named = operationOf(OPERATIONS, view.text('gen_ai.operation.name'));
  const agent = view.text('gen_ai.agent.name', 'agent_name') !== undefined;
  const tool = view.text('gen_ai.tool.name');
  const inferred = tool === undefined && agent ? 'agent' : undefined;
  return {
    operation: named ?? inferred,
    provider: view.text('gen_ai.provider.name', 'gen_ai.system'),
    requestModel: view.text('gen_ai.request.model'),
    responseModel: view.text('gen_ai.response.model'),
    recordedCostUsd: view.number('gen_ai.usage.cost', 'gen_ai.cost.total_cost', 'operation.cost'),
    conversationId: view.text('gen_ai.conversation.id', 'session.id'),
    maxOutputTokens: view.count('gen_ai.request.max_tokens'),
    toolName: tool,
    toolCallId: view.text('gen_ai.tool.call.id'),
    toolArguments: given(view, 'gen_ai.tool.call.arguments', 'tool_arguments'),
    toolResult: given(view, 'gen_ai.tool.call.result', 'tool_response') ?? toolOutput(span.events),
  };
}

/** The text of a value that is there, which may be an empty one. */
function given(view: AttributeView, ...keys: readonly string[]): string | undefined {
  const value = view.value(...keys);
  return value === undefined ? undefined : textOf(value);
}

function toolOutput(events: readonly SpanEvent[]): string | undefined {
  const output = events.find(({ name }) => name === 'gen_ai.tool.message');
  const content = output === undefined ? undefined : output.attributes.content;
  return content === undefined ? undefined : textOf(content);
}

function conversation(view: AttributeView, events: readonly SpanEvent[]): GenAiFacts {
  const details = events.find(({ name }) => name === 'gen_ai.client.inference.operation.details');
  const all = details === undefined ? undefined : new AttributeView([details.attributes]);
  const system = view.decoded('gen_ai.system_instructions') ?? all?.decoded('gen_ai.system_instructions');
  const inputs = first(view.list('gen_ai.input.messages'), all?.list('gen_ai.input.messages'));
  const outputs = first(view.list('gen_ai.output.messages'), all?.list('gen_ai.output.messages'));
  const told = events.flatMap((event) => (MESSAGE_EVENT.test(event.name) ? [event] : []));
  const choices = events.filter(({ name }) => name === 'gen_ai.choice');
  const legacy = { prompt: contentEvents(events, 'prompt'), completion: contentEvents(events, 'completion') };
  return {
    inputMessages: [
      ...instructions(system),
      ...messagesOf(inputs, 'user'),
      ...told.flatMap(messageOfEvent),
      ...messagesOf(legacy.prompt, 'user'),
    ],
    outputMessages: [
      ...messagesOf(outputs, 'assistant'),
      ...messagesOf(choices.map(choiceOf), 'assistant'),
      ...messagesOf(legacy.completion, 'assistant'),
    ],
    finishReasons: [
      ...view.list('gen_ai.response.finish_reasons').map(textOf),
      ...single(view.text('gen_ai.response.finish_reasons', 'gen_ai.response.finish_reason')),
      ...[...outputs, ...choices.map(({ attributes }) => attributes)].map((said) =>
        textOf(firstMember(said, ['finish_reason'])),
      ),
    ],
  };
}

function first(a: readonly AttributeValue[], b: readonly AttributeValue[] = []): readonly AttributeValue[] {
  return a.length > 0 ? a : b;
}

/** A reason that is not in a list. */
function single(reason: string | undefined): readonly string[] {
  return reason === undefined || isAttributeList(decoded(reason)) ? [] : [reason];
}

function instructions(system: AttributeValue | undefined): readonly GenAiMessage[] {
  if (system === undefined) return [];
  const message = messageOf({ role: 'system', content: system }, 'system');
  return message === null ? [] : [message];
}

function messageOfEvent({ name, attributes }: SpanEvent): readonly GenAiMessage[] {
  const role = MESSAGE_EVENT.exec(name)?.[1] ?? 'user';
  const message = messageOf({ role, ...attributes }, role);
  return message === null ? [] : [message];
}

function choiceOf({ attributes }: SpanEvent): AttributeValue {
  const message = decoded(attributes.message);
  return message === undefined ? attributes : { role: 'assistant', message };
}

/** The events of the first conventions: a whole prompt or completion as JSON. */
function contentEvents(
  events: readonly SpanEvent[],
  which: 'prompt' | 'completion',
): readonly AttributeValue[] {
  return events
    .filter(({ name }) => name === `gen_ai.content.${which}`)
    .flatMap(({ attributes }) => new AttributeView([attributes]).list(`gen_ai.${which}`));
}
