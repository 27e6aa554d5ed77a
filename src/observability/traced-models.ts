import { SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import type { ChatReply, FinishReason } from '../domain/chat';
import type { TokenUsage } from '../domain/money';
import { CallError } from '../ports/call-error';
import type { Llm, LlmReply } from '../ports/llm';
import type { Target, TargetDirectory } from '../ports/target';

/** Why a researcher's answer ended, in the words for targets. */
const FINISH_REASONS: Readonly<Record<LlmReply['stopReason'], FinishReason>> = {
  answered: 'stop',
  length: 'length',
  refusal: 'content_filter',
  other: 'other',
};

/** The researcher's model with a span for each call; no span says what was asked or answered. */
export function tracedLlm(llm: Llm): Llm {
  const { provider, model } = llm;
  return {
    ...llm,
    ask: (request, signal) =>
      traced(
        model,
        SpanKind.CLIENT,
        {
          'gen_ai.provider.name': provider,
          'gen_ai.request.max_tokens': request.maxOutputTokens,
          'gen_ai.output.type': 'json',
        },
        () => llm.ask(request, signal),
        ({ stopReason }) => FINISH_REASONS[stopReason],
      ),
  };
}

/** Targets with a span for each call. */
export function tracedTargets(targets: TargetDirectory): TargetDirectory {
  return { names: targets.names, get: (name) => tracedTarget(targets.get(name)) };
}

function tracedTarget(target: Target): Target {
  const { name, kind, model, simulated } = target.describe;
  return {
    describe: target.describe,
    chat: (request, signal) =>
      traced(
        model,
        simulated ? SpanKind.INTERNAL : SpanKind.CLIENT,
        {
          'gen_ai.provider.name': kind,
          'gen_ai.request.max_tokens': request.maxOutputTokens,
          ...(request.temperature === undefined ? {} : { 'gen_ai.request.temperature': request.temperature }),
          ...(request.seed === undefined ? {} : { 'gen_ai.request.seed': request.seed }),
          'tinman.target': name,
        },
        () => target.chat(request, signal),
        ({ finishReason }) => finishReason,
      ),
  };
}

/**
 * One call of a model within a span by OpenTelemetry's conventions for generative AI:
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/.
 */
function traced<Reply extends Pick<ChatReply, 'model' | 'usage' | 'usageReported'>>(
  model: string,
  kind: SpanKind,
  attributes: Attributes,
  call: () => Promise<Reply>,
  finishReasonOf: (reply: Reply) => FinishReason,
): Promise<Reply> {
  const asked = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': model, ...attributes };
  return trace
    .getTracer('tinman')
    .startActiveSpan(`chat ${model}`, { kind, attributes: asked }, async (span) => {
      try {
        const reply = await call();
        span.setAttributes({
          'gen_ai.response.model': reply.model,
          'gen_ai.response.finish_reasons': [finishReasonOf(reply)],
          ...(reply.usageReported === false ? {} : usageOf(reply.usage)),
        });
        return reply;
      } catch (error) {
        span.setAttribute('error.type', error instanceof CallError ? error.kind : '_OTHER');
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
}

/** There, input tokens include those of the cache. */
function usageOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: TokenUsage): Attributes {
  return {
    'gen_ai.usage.input_tokens': inputTokens + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0),
    'gen_ai.usage.output_tokens': outputTokens,
    ...(cacheReadTokens === undefined ? {} : { 'gen_ai.usage.cache_read.input_tokens': cacheReadTokens }),
    ...(cacheWriteTokens === undefined
      ? {}
      : { 'gen_ai.usage.cache_creation.input_tokens': cacheWriteTokens }),
  };
}
