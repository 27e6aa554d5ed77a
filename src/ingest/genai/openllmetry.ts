import type { GenAiOperationKind } from '../../domain/trace-genai';
import type { AttributeView } from './attribute-view';
import { firstMember, textOf } from './attribute-view';
import { operationOf, recordedUsage, type Convention, type UsageKeys } from './convention';
import { messagesOf } from './messages';
import { offeredToolsOf } from './tool-definitions';
import { INCLUSIVE, usageOf } from './usage';

const OPERATIONS: Readonly<Record<string, GenAiOperationKind>> = {
  chat: 'chat',
  completion: 'completion',
  embedding: 'embeddings',
  rerank: 'rerank',
  workflow: 'workflow',
  task: 'task',
  agent: 'agent',
  tool: 'tool',
};

const USAGE: UsageKeys = {
  input: ['gen_ai.usage.prompt_tokens', 'gen_ai.usage.input_tokens', 'llm.usage.prompt_tokens'],
  output: ['gen_ai.usage.completion_tokens', 'gen_ai.usage.output_tokens', 'llm.usage.completion_tokens'],
  total: ['llm.usage.total_tokens'],
  cacheRead: ['gen_ai.usage.cache_read_input_tokens', 'llm.usage.cache_read_input_tokens'],
  cacheWrite: ['gen_ai.usage.cache_creation_input_tokens', 'llm.usage.cache_creation_input_tokens'],
  reasoning: ['gen_ai.usage.reasoning_tokens', 'llm.usage.reasoning_tokens'],
};

/**
 * OpenLLMetry (Traceloop). Messages are flat: `gen_ai.prompt.N.…`, `gen_ai.completion.N.…`, before that `llm.prompts.N.…`.
 * Its Anthropic instrumentation adds cache reads and writes to the prompt tokens; OpenAI's figures include them already.
 * Source: https://github.com/traceloop/openllmetry, semantic conventions and the instrumentations of Anthropic and OpenAI.
 */
export const openllmetry: Convention = {
  name: 'openllmetry',
  marks:
    /^(?:traceloop\.|gen_ai\.(?:prompt|completion)\.|llm\.(?:request|usage|response|prompts|completions|vendor)\b)/,
  read(view) {
    const kind = operationOf(OPERATIONS, view.text('traceloop.span.kind'));
    const isTool = kind === 'tool';
    return {
      operation: kind ?? operationOf(OPERATIONS, view.text('llm.request.type')),
      provider: view.text('llm.vendor'),
      requestModel: view.text('llm.request.model'),
      responseModel: view.text('llm.response.model'),
      usage: usageOf(recordedUsage(view, USAGE), INCLUSIVE),
      inputMessages: messagesOf(view.list('gen_ai.prompt', 'llm.prompts'), 'user'),
      outputMessages: messagesOf(view.list('gen_ai.completion', 'llm.completions'), 'assistant'),
      finishReasons: finishReasons(view),
      toolDefinitions: offeredToolsOf(view.list('llm.request.functions')),
      conversationId: view.text(
        'traceloop.association.properties.conversation_id',
        'traceloop.association.properties.session_id',
        'traceloop.association.properties.thread_id',
      ),
      maxOutputTokens: view.count('llm.request.max_tokens'),
      toolName: isTool ? view.text('traceloop.entity.name') : undefined,
      toolArguments: isTool ? view.text('traceloop.entity.input') : undefined,
      toolResult: isTool ? view.text('traceloop.entity.output') : undefined,
    };
  },
};

function finishReasons(view: AttributeView): readonly string[] {
  const said = view.list('gen_ai.completion', 'llm.completions');
  const ofResponse = view.text('llm.response.finish_reason', 'llm.response.stop_reason') ?? '';
  return [...said.map((item) => textOf(firstMember(item, ['finish_reason']))), ofResponse];
}
