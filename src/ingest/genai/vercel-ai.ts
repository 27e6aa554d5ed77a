import type { AttributeValue } from '../../domain/trace';
import type { GenAiMessage, GenAiOperationKind } from '../../domain/trace-genai';
import type { AttributeView } from './attribute-view';
import { firstMember, isAttributeList, textOf } from './attribute-view';
import { recordedUsage, type Convention, type UsageKeys } from './convention';
import { messageOf, messagesOf } from './messages';
import { offeredToolsOf } from './tool-definitions';
import { INCLUSIVE, usageOf } from './usage';

const USAGE: UsageKeys = {
  input: ['ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens'],
  output: ['ai.usage.outputTokens', 'ai.usage.completionTokens'],
  total: ['ai.usage.totalTokens'],
  cacheRead: ['ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens'],
  cacheWrite: ['ai.usage.inputTokenDetails.cacheWriteTokens'],
  reasoning: ['ai.usage.outputTokenDetails.reasoningTokens', 'ai.usage.reasoningTokens'],
};

/** Calls of a model are the inner spans; the outer ones add up what is inside them. */
const INNER = /\.do(?:Generate|Stream|Embed|Rerank)$/;

/**
 * The AI SDK. `ai.generateText` and its kin enclose the calls of the model (`ai.generateText.doGenerate`) and repeat their
 * usage summed up. Cached and reasoning tokens are parts of input and output; some of its providers give them apart, which
 * shows when a part exceeds its whole, or in the total.
 * Source: https://ai-sdk.dev/docs/ai-sdk-core/telemetry
 */
export const vercelAi: Convention = {
  name: 'vercel_ai',
  marks: /^ai\./,
  read(view) {
    const id = view.text('ai.operationId') ?? view.text('operation.name')?.split(' ')[0] ?? '';
    return {
      operation: operationOfId(id),
      provider: view.text('ai.model.provider'),
      requestModel: view.text('ai.model.id'),
      responseModel: view.text('ai.response.model'),
      usage: usageOf(recordedUsage(view, USAGE), INCLUSIVE),
      inputMessages: prompt(view),
      outputMessages: reply(view),
      finishReasons: [view.text('ai.response.finishReason', 'ai.finishReason') ?? ''],
      toolDefinitions: offeredToolsOf(view.list('ai.prompt.tools')),
      conversationId: view.text('ai.telemetry.metadata.sessionId', 'ai.telemetry.metadata.conversationId'),
      maxOutputTokens: view.count('ai.settings.maxOutputTokens', 'ai.settings.maxTokens'),
      toolName: view.text('ai.toolCall.name'),
      toolCallId: view.text('ai.toolCall.id'),
      toolArguments: view.text('ai.toolCall.args', 'ai.toolCall.input'),
      toolResult: view.text('ai.toolCall.result', 'ai.toolCall.output'),
    };
  },
};

function operationOfId(id: string): GenAiOperationKind | undefined {
  if (id === 'ai.toolCall') return 'tool';
  if (/\.doEmbed$/.test(id)) return 'embeddings';
  if (/\.doRerank$/.test(id)) return 'rerank';
  if (INNER.test(id)) return 'chat';
  return id.startsWith('ai.') ? 'workflow' : undefined;
}

function prompt(view: AttributeView): readonly GenAiMessage[] {
  const messages = view.list('ai.prompt.messages');
  if (messages.length > 0) return messagesOf(messages, 'user');
  const whole = view.decoded('ai.prompt');
  if (isAttributeList(whole)) return messagesOf(whole, 'user');
  const system = firstMember(whole, ['system']);
  const asked = firstMember(whole, ['messages', 'prompt']);
  return [
    ...(system === undefined ? [] : messagesOf([system], 'system')),
    ...(asked === undefined ? [] : messagesOf(isAttributeList(asked) ? asked : [asked], 'user')),
  ];
}

function reply(view: AttributeView): readonly GenAiMessage[] {
  const text = view.text('ai.response.text', 'ai.result.text', 'ai.response.object', 'ai.result.object');
  const toolCalls: readonly AttributeValue[] = view.list('ai.response.toolCalls', 'ai.result.toolCalls');
  const message = messageOf({ role: 'assistant', content: textOf(text), tool_calls: toolCalls }, 'assistant');
  return message === null || (message.text === '' && toolCalls.length === 0) ? [] : [message];
}
