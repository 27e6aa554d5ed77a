import type { Span } from '../../domain/trace';
import { costOf, durationsOf, type Outlier } from './population';
import { quoteOf } from './quotes';
import type { FoundSignal, SignalRule } from './rule';
import type { TraceView } from './trace-view';

/** A model call, a tool or a whole trace that took far longer than others of its kind; once, where it shows first. */
export const latencyOutlierRule: SignalRule = {
  kind: 'latency_outlier',
  exposures: (view, { population }) =>
    durationsOf(view).flatMap(({ operation }) =>
      population?.knowsDuration(operation) === true ? [operation] : [],
    ),
  find: (view, { population }) => {
    const slow = durationsOf(view).flatMap((one) => {
      const span = view.span(one.spanId);
      const usual = population?.slowness(one.operation, one.ms) ?? null;
      return usual === null || span === undefined ? [] : [{ ...one, span, usual }];
    });
    const enclosing = new Set(slow.flatMap(({ span }) => [...view.ancestors(span)]));
    return slow.filter(({ span }) => !enclosing.has(span)).map(latencySignal);
  },
};

function latencySignal({ operation, ms, span, usual }: SlowSpan): FoundSignal {
  const took = { near: /^end time$/, explanation: `it ended ${ms.toFixed(0)} ms after it had begun` };
  const began = { near: /^start time$/, explanation: 'when it began, in nanoseconds' };
  return {
    failureType: 'latency_collapse',
    spanId: span.spanId,
    scope: operation,
    trigger: `slow ${operation}`,
    explanation: `${operation} took ${ms.toFixed(0)} ms; the median of ${usual.n} is ${usual.median.toFixed(0)} ms`,
    evidence: [
      quoteOf(span, { passages: [String(span.startTimeUnixNano)], ...began }),
      quoteOf(span, { passages: [String(span.endTimeUnixNano)], ...took }),
    ],
  };
}

interface SlowSpan {
  readonly operation: string;
  readonly ms: number;
  readonly span: Span;
  readonly usual: Outlier;
}

/** A trace whose model calls cost far more than those of others of its kind. */
export const costOutlierRule: SignalRule = {
  kind: 'cost_outlier',
  exposures: (view, { population, priceOf }) => {
    const cost = costOf(view, priceOf);
    return cost !== null && population?.knowsCost(cost.key) === true ? [cost.key] : [];
  },
  find: (view, settings) => {
    const cost = costOf(view, settings.priceOf);
    const excess = cost === null ? null : (settings.population?.excess(cost.key, cost.value) ?? null);
    return cost === null || excess === null ? [] : [costSignal(view, cost, excess)];
  },
};

function costSignal(
  view: TraceView,
  { key, value, unit }: NonNullable<ReturnType<typeof costOf>>,
  { median, n }: Outlier,
): FoundSignal {
  const largest = view.modelCalls.toSorted((a, b) => tokensOf(b) - tokensOf(a)).slice(0, 3);
  return {
    failureType: 'cost_runaway',
    spanId: largest[0]?.span.spanId ?? '',
    scope: key,
    trigger: `costly ${key.replace(/^\w+ /, '')}`,
    explanation: `the model calls took ${figure(value)} ${unit}; the median of ${n} traces is ${figure(median)}`,
    evidence: largest.map(({ span, operation: { usage, recordedCostUsd } }) =>
      quoteOf(span, {
        passages: [recordedCostUsd, usage.inputTokens, usage.outputTokens].map((one) => String(one ?? '')),
        explanation: 'what one of the largest calls took',
        near: /token|usage|cost/i,
      }),
    ),
  };
}

function tokensOf({ operation: { usage } }: TraceView['modelCalls'][number]): number {
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
