import type { FinishReason } from '../../domain/chat';
import type { FailureType } from '../../domain/taxonomy';
import { modelOf } from '../../domain/trace-genai';
import type { SignalKind } from '../../domain/trace-signal';
import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule } from './rule';
import type { ModelCall, TraceView } from './trace-view';

const LENGTH: readonly string[] = [
  'length',
  'max_tokens',
  'max_output_tokens',
  'model_length',
  'model_context_window_exceeded',
];
const FILTER: readonly string[] = [
  'content_filter',
  'content-filter',
  'content_filtered',
  'safety',
  'prohibited_content',
  'blocklist',
  'guardrail_intervened',
  'refusal',
];

/** An answer that ended because its output limit, or the context window, was reached. */
export const finishLengthRule: SignalRule = ruleOf('finish_length', LENGTH, {
  failureType: 'resource_exhaustion',
  replayed: 'length',
  trigger: 'answer cut at the output limit',
  explanation: 'the answer was cut off',
});

/** An answer that a filter of the provider withheld: an input, or an answer, that the application was not built for. */
export const contentFilterRule: SignalRule = ruleOf('content_filter', FILTER, {
  failureType: 'distributional_shift',
  replayed: 'content_filter',
  trigger: 'answer withheld by a filter',
  explanation: 'the answer was withheld',
});

export function isCutOff({ operation }: ModelCall): boolean {
  return operation.finishReasons.some((reason) => LENGTH.includes(reason));
}

interface CutAnswer {
  readonly failureType: FailureType;
  /** As targets say it in a replay. */
  readonly replayed: FinishReason;
  readonly trigger: string;
  readonly explanation: string;
}

function ruleOf(
  kind: SignalKind,
  reasons: readonly string[],
  { failureType, replayed, trigger, explanation }: CutAnswer,
): SignalRule {
  const find = ({ modelCalls }: TraceView): readonly FoundSignal[] =>
    modelCalls.flatMap(({ span, operation }) => {
      const reason = operation.finishReasons.find((one) => reasons.includes(one));
      if (reason === undefined) return [];
      const model = modelOf(operation) ?? 'unnamed model';
      return [
        {
          failureType,
          spanId: span.spanId,
          scope: model,
          trigger: `${trigger} (${model})`,
          explanation: `${explanation}: ${model} ended with "${reason}"`,
          oracle: { kind: 'finish_reason' as const, reason: replayed },
          evidence: [
            quoteOf(span, {
              passages: [reason],
              explanation: 'how the answer ended',
              near: /finish|stop|choice/i,
            }),
          ],
        },
      ];
    });
  return {
    kind,
    find,
    exposures: ({ modelCalls }) =>
      modelCalls
        .filter(({ operation }) => operation.finishReasons.length > 0)
        .map(({ operation }) => modelOf(operation) ?? 'unnamed model'),
  };
}
