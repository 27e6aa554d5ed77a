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
  trigger: 'answer cut at the output limit',
  explanation: 'the answer was cut off',
});

/** An answer that a filter of the provider withheld: an input, or an answer, that the application was not built for. */
export const contentFilterRule: SignalRule = ruleOf('content_filter', FILTER, {
  failureType: 'distributional_shift',
  trigger: 'answer withheld by a filter',
  explanation: 'the answer was withheld',
});

export function isCutOff({ operation }: ModelCall): boolean {
  return operation.finishReasons.some((reason) => LENGTH.includes(reason));
}

function ruleOf(
  kind: SignalKind,
  reasons: readonly string[],
  {
    failureType,
    trigger,
    explanation,
  }: { readonly failureType: FailureType; readonly trigger: string; readonly explanation: string },
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
