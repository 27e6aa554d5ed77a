import { normaliseTrigger } from '../../domain/trigger-signature';
import type { Span } from '../../domain/trace';
import type { SignalEvidence } from '../../domain/trace-signal';
import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule } from './rule';
import { classOfError, errorOf, isRateLimit, type SpanError } from './span-errors';
import type { TraceView } from './trace-view';

const MOST_EVIDENCE = 5;

/** A span that ended in an error, once where it shows first; several of the same operation and type are one signal. */
export const errorRule: SignalRule = {
  kind: 'error',
  exposures: (view) => operationsOf(view),
  find: (view) => errorSignals(view, (error) => !isRateLimit(error)),
};

/** The target, or what it calls, was turned away for its rate. */
export const rateLimitRule: SignalRule = {
  kind: 'rate_limit',
  exposures: (view) => operationsOf(view),
  find: (view) => errorSignals(view, isRateLimit),
};

function operationsOf(view: TraceView): readonly string[] {
  return view.spans.map((span) => view.operationKey(span));
}

function errorSignals(view: TraceView, wanted: (error: SpanError) => boolean): readonly FoundSignal[] {
  const byTrigger = new Map<string, FoundSignal>();
  for (const span of view.deepestFailures) {
    const error = errorOf(span);
    if (!wanted(error)) continue;
    const signal = errorSignal(view, span, error);
    const key = normaliseTrigger(`${signal.failureType} ${signal.trigger}`);
    const known = byTrigger.get(key);
    const evidence = [...(known?.evidence ?? []), ...signal.evidence].slice(0, MOST_EVIDENCE);
    byTrigger.set(key, { ...(known ?? signal), evidence });
  }
  return [...byTrigger.values()];
}

function errorSignal(view: TraceView, span: Span, error: SpanError): FoundSignal {
  const { failureType, words } = classOfError(error);
  const operation = view.operationKey(span);
  const what = error.type === '' ? words : error.type;
  return {
    failureType,
    spanId: span.spanId,
    scope: operation,
    trigger: `${operation}: ${what}`,
    explanation: `${operation} ended in an error (${words})`,
    evidence: [errorEvidence(span, error)],
  };
}

/** What the span says of its error, or that it is one. */
export function errorEvidence(span: Span, error: SpanError = errorOf(span)): SignalEvidence | null {
  return quoteOf(span, {
    passages: [error.message, error.type, String(error.httpStatus ?? ''), 'error'],
    explanation: 'the error as the span records it',
    near: /status|error|exception/,
  });
}
