import type { AttributeValue } from '../../domain/trace';
import type { GenAiMessage, GenAiOperationKind } from '../../domain/trace-genai';
import type { AttributeView } from './attribute-view';
import { decoded, firstMember, isAttributeList, isAttributeRecord, textOf } from './attribute-view';
import { operationOf, recordedUsage, type Convention, type UsageKeys } from './convention';
import { messagesOf, said } from './messages';
import { offeredToolsOf } from './tool-definitions';
import { INCLUSIVE, usageOf } from './usage';

const OPERATIONS: Readonly<Record<string, GenAiOperationKind>> = {
  llm: 'chat',
  embedding: 'embeddings',
  retrieval: 'retrieval',
  tool: 'tool',
  agent: 'agent',
  workflow: 'workflow',
  task: 'task',
  experiment: 'evaluation',
};

/** Libraries whose tags APM knows, as in `anthropic.request.model`. */
const LIBRARIES = [
  'anthropic',
  'openai',
  'azure_openai',
  'bedrock',
  'cohere',
  'google_generativeai',
  'google_genai',
  'vertexai',
  'langchain',
  'litellm',
] as const;

const USAGE: UsageKeys = {
  input: [
    ...ofMetrics('input_tokens', 'prompt_tokens'),
    ...ofLibraries('response.usage.input_tokens', 'response.usage.prompt_tokens', 'tokens.prompt_tokens'),
  ],
  output: [
    ...ofMetrics('output_tokens', 'completion_tokens'),
    ...ofLibraries(
      'response.usage.output_tokens',
      'response.usage.completion_tokens',
      'tokens.completion_tokens',
    ),
  ],
  total: [...ofMetrics('total_tokens'), ...ofLibraries('response.usage.total_tokens', 'tokens.total_tokens')],
  cacheRead: ofMetrics('cache_read_input_tokens'),
  cacheWrite: ofMetrics('cache_write_input_tokens'),
  reasoning: ofMetrics('reasoning_output_tokens'),
};

/** Made once: a name that is put together anew for every span costs more than looking for it. */
const KEYS = {
  kind: ofObservability('span_kind', 'kind', 'span.kind'),
  provider: [...ofObservability('model_provider'), ...ofLibraries('request.provider')],
  requestModel: ofLibraries('request.model'),
  responseModel: [...ofLibraries('response.model'), ...ofObservability('model_name')],
  requestMessages: ofLibraries('request.messages'),
  responseMessages: ofLibraries('response.choices', 'response.completions'),
  choices: ofLibraries('response.choices'),
  finishReason: ofObservability('metadata.stop_reason', 'metadata.finish_reason'),
  toolDefinitions: ofObservability('tool_definitions'),
  conversation: ofObservability('session_id'),
  maxTokens: ['meta.metadata.max_tokens', ...ofLibraries('request.parameters.max_tokens')],
  toolCallId: ofObservability('metadata.tool_id', 'metadata.tool_call_id'),
  input: sideKeys('input'),
  output: sideKeys('output'),
} as const;

/**
 * Datadog: LLM Observability (`meta`, `metrics`, or the tags `_ml_obs.*` and `_dd.llmobs.*`) and the tags of APM's own integrations. Input
 * tokens include those of the cache: its integrations add Anthropic's, which that provider counts apart.
 * Source: https://docs.datadoghq.com/llm_observability/instrumentation/api/ and ddtrace's integrations.
 */
export const datadog: Convention = {
  name: 'datadog',
  marks: new RegExp(
    `^(?:_ml_obs\\.|_dd\\.llmobs\\.(?!enabled)|(?:${LIBRARIES.join('|')})\\.(?:request|response|tokens)\\.)`,
  ),
  plainMarks: {
    format: 'datadog',
    marks: /^(?:model_name|model_provider|ml_app|kind|input|output|meta|tool_definitions|meta\..+)$/,
  },
  read(view) {
    const kind = view.text(...KEYS.kind);
    const operation = operationOf(OPERATIONS, kind);
    const [input, output] = [sideOf(view, KEYS.input), sideOf(view, KEYS.output)];
    const isTool = operation === 'tool';
    return {
      operation,
      provider: view.text(...KEYS.provider) ?? library(view),
      requestModel: view.text(...KEYS.requestModel),
      responseModel: view.text(...KEYS.responseModel),
      usage: usageOf(recordedUsage(view, USAGE), INCLUSIVE),
      inputMessages: messagesIn(input, view.list(...KEYS.requestMessages), 'user'),
      outputMessages: messagesIn(output, view.list(...KEYS.responseMessages), 'assistant'),
      finishReasons: [
        ...view.list(...KEYS.choices).map((choice) => textOf(firstMember(choice, ['finish_reason']))),
        textOf(view.value(...KEYS.finishReason)),
      ],
      toolDefinitions: offeredToolsOf(view.list(...KEYS.toolDefinitions)),
      conversationId: view.text(...KEYS.conversation),
      maxOutputTokens: view.count(...KEYS.maxTokens),
      toolCallId: isTool ? view.text(...KEYS.toolCallId) : undefined,
      toolArguments: isTool ? plain(input) : undefined,
      toolResult: isTool ? plain(output) : undefined,
    };
  },
};

function ofLibraries(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => LIBRARIES.map((prefix) => `${prefix}.${name}`));
}

function ofObservability(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [
    `_ml_obs.meta.${name}`,
    `_ml_obs.${name}`,
    `_dd.llmobs.${name}`,
    `meta.${name}`,
    name,
  ]);
}

function ofMetrics(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [
    `_ml_obs.metrics.${name}`,
    `metrics.${name}`,
    `_dd.llmobs.metrics.${name}`,
    name,
  ]);
}

interface SideKeys {
  readonly whole: readonly string[];
  readonly messages: readonly string[];
  readonly value: readonly string[];
}

function sideKeys(side: 'input' | 'output'): SideKeys {
  return {
    whole: ofObservability(side),
    messages: ofObservability(`${side}.messages`),
    value: ofObservability(`${side}.value`),
  };
}

function sideOf(view: AttributeView, keys: SideKeys): AttributeValue | undefined {
  const whole = decoded(view.value(...keys.whole));
  if (whole !== undefined) return whole;
  const messages = view.value(...keys.messages);
  const value = view.value(...keys.value);
  if (messages === undefined && value === undefined) return undefined;
  return messages === undefined ? { value: value ?? null } : { messages };
}

function library(view: AttributeView): string | undefined {
  const known = LIBRARIES.find((_name, index) => view.text(KEYS.requestModel[index] ?? '') !== undefined);
  return known === 'langchain' || known === 'litellm' ? undefined : known;
}

/** LLM Observability has messages, or a single value; APM's tags have flat messages or choices. */
function messagesIn(
  io: AttributeValue | undefined,
  tags: readonly AttributeValue[],
  role: string,
): readonly GenAiMessage[] {
  const list = decoded(firstMember(io, ['messages']));
  if (isAttributeList(list)) return messagesOf(list, role);
  const value = plain(io);
  return value === undefined ? messagesOf(tags, role) : [said(role, value)];
}

function plain(io: AttributeValue | undefined): string | undefined {
  const value = isAttributeRecord(io) ? firstMember(io, ['value']) : io;
  return value === undefined || textOf(value) === '' ? undefined : textOf(value);
}
