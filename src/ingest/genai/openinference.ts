import type { GenAiFacts, Convention, UsageKeys } from './convention';
import { operationOf, recordedUsage } from './convention';
import type { GenAiOperationKind } from '../../domain/trace-genai';
import type { AttributeView } from './attribute-view';
import { countOf, firstMember, textOf } from './attribute-view';
import { messagesOf } from './messages';
import { offeredToolsOf } from './tool-definitions';
import { INCLUSIVE, usageOf } from './usage';

const OPERATIONS: Readonly<Record<string, GenAiOperationKind>> = {
  llm: 'chat',
  embedding: 'embeddings',
  reranker: 'rerank',
  retriever: 'retrieval',
  tool: 'tool',
  agent: 'agent',
  chain: 'workflow',
  guardrail: 'guardrail',
  evaluator: 'evaluation',
  prompt: 'task',
  decision: 'task',
};

const USAGE: UsageKeys = {
  input: ['llm.token_count.prompt'],
  output: ['llm.token_count.completion'],
  total: ['llm.token_count.total'],
  cacheRead: ['llm.token_count.prompt_details.cache_read', 'llm.token_count.prompt_details.cache_input'],
  cacheWrite: ['llm.token_count.prompt_details.cache_write'],
  reasoning: ['llm.token_count.completion_details.reasoning'],
};

/**
 * OpenInference (Arize Phoenix). The details of `llm.token_count.prompt` and `.completion` are parts of them.
 * Source: https://arize-ai.github.io/openinference/spec/attributes/semantic-conventions.html
 */
export const openinference: Convention = {
  name: 'openinference',
  marks:
    /^(?:openinference\.|llm\.(?:token_count|input_messages|output_messages|model_name|provider|system|tools|cost)\b|tool\.(?:name|parameters)$)/,
  read(view) {
    const operation = operationOf(OPERATIONS, view.text('openinference.span.kind'));
    return {
      operation,
      provider: view.text('llm.provider', 'llm.system'),
      responseModel: view.text('llm.model_name', 'embedding.model_name', 'reranker.model_name'),
      usage: usageOf(recordedUsage(view, USAGE), INCLUSIVE),
      recordedCostUsd: view.number('llm.cost.total'),
      inputMessages: messagesOf(view.list('llm.input_messages'), 'user'),
      outputMessages: messagesOf(view.list('llm.output_messages'), 'assistant'),
      finishReasons: [
        view.text('llm.finish_reason') ?? '',
        textOf(firstMember(view.list('llm.choices')[0], ['finish_reason'])),
      ],
      toolDefinitions: offeredToolsOf(view.list('llm.tools')),
      conversationId: view.text('session.id'),
      maxOutputTokens: countOf(
        firstMember(view.decoded('llm.invocation_parameters'), ['max_tokens', 'max_completion_tokens']),
      ),
      ...(operation === 'tool' ? executed(view) : {}),
    };
  },
};

function executed(view: AttributeView): GenAiFacts {
  return {
    toolName: view.text('tool.name', 'tool_call.function.name'),
    toolCallId: view.text('tool_call.id', 'tool.id'),
    toolArguments: view.text('input.value', 'tool_call.function.arguments', 'tool.parameters'),
    toolResult: view.text('output.value'),
  };
}
