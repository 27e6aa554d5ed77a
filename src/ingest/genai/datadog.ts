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

const ofLibraries = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => LIBRARIES.map((prefix) => `${prefix}.${name}`));

const ofObservability = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [
    `_ml_obs.meta.${name}`,
    `_ml_obs.${name}`,
    `_dd.llmobs.${name}`,
    `meta.${name}`,
    name,
  ]);

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
    const kind = view.text(...ofObservability('span_kind', 'kind', 'span.kind'));
    const operation = operationOf(OPERATIONS, kind);
    const [input, output] = [sideOf(view, 'input'), sideOf(view, 'output')];
    const isTool = operation === 'tool';
    return {
      operation,
      provider:
        view.text(...ofObservability('model_provider'), ...ofLibraries('request.provider')) ?? library(view),
      requestModel: view.text(...ofLibraries('request.model')),
      responseModel: view.text(...ofLibraries('response.model'), ...ofObservability('model_name')),
      usage: usageOf(recordedUsage(view, USAGE), INCLUSIVE),
      inputMessages: messagesIn(input, view.list(...ofLibraries('request.messages')), 'user'),
      outputMessages: messagesIn(
        output,
        view.list(...ofLibraries('response.choices', 'response.completions')),
        'assistant',
      ),
      finishReasons: [
        ...view
          .list(...ofLibraries('response.choices'))
          .map((choice) => textOf(firstMember(choice, ['finish_reason']))),
        textOf(view.value(...ofObservability('metadata.stop_reason', 'metadata.finish_reason'))),
      ],
      toolDefinitions: offeredToolsOf(view.list(...ofObservability('tool_definitions'))),
      conversationId: view.text(...ofObservability('session_id')),
      maxOutputTokens: view.count(
        'meta.metadata.max_tokens',
        ...ofLibraries('request.parameters.max_tokens'),
      ),
      toolCallId: isTool
        ? view.text(...ofObservability('metadata.tool_id', 'metadata.tool_call_id'))
        : undefined,
      toolArguments: isTool ? plain(input) : undefined,
      toolResult: isTool ? plain(output) : undefined,
    };
  },
};

function ofMetrics(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [
    `_ml_obs.metrics.${name}`,
    `metrics.${name}`,
    `_dd.llmobs.metrics.${name}`,
    name,
  ]);
}

function sideOf(view: AttributeView, side: 'input' | 'output'): AttributeValue | undefined {
  const whole = decoded(view.value(...ofObservability(side)));
  if (whole !== undefined) return whole;
  const messages = view.value(...ofObservability(`${side}.messages`));
  const value = view.value(...ofObservability(`${side}.value`));
  if (messages === undefined && value === undefined) return undefined;
  return messages === undefined ? { value: value ?? null } : { messages };
}

function library(view: AttributeView): string | undefined {
  const known = LIBRARIES.find((name) => view.text(`${name}.request.model`) !== undefined);
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
