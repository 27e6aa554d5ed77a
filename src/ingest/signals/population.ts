import type { Trace } from '../../domain/trace';
import { billedUsage, costUsdOf, isModelCall, type PriceOfUsage } from '../../domain/trace-genai';
import { TraceView } from './trace-view';

/** Fewer are no population. */
const LEAST_SAMPLES = 20;
/** The first so many of an operation are kept. */
const MOST_SAMPLES = 5_000;
const MOST_OPERATIONS = 2_000;
/** Robust standard deviations above the median, on a logarithmic scale. */
const FAR = 5;
/** And at least so many times the median. */
const TIMES = 3;
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** A spread of 5 %: what is always the same is no reason to call a little more an outlier. */
const LEAST_SPREAD = Math.log(1.05);

/** How far a value is from what is usual. */
export interface Outlier {
  readonly value: number;
  readonly median: number;
  readonly n: number;
}

interface Usual {
  readonly median: number;
  readonly limit: number;
  readonly n: number;
}

/** What is usual for an operation, over many traces. */
export class TracePopulation {
  constructor(
    private readonly durationsMs: ReadonlyMap<string, Usual>,
    private readonly costs: ReadonlyMap<string, Usual>,
  ) {}

  knowsDuration(operation: string): boolean {
    return this.durationsMs.has(operation);
  }

  knowsCost(of: string): boolean {
    return this.costs.has(of);
  }

  /** Null when it is within what is usual, or nothing is known of the operation. */
  slowness(operation: string, ms: number): Outlier | null {
    return outlier(this.durationsMs.get(operation), ms);
  }

  excess(of: string, cost: number): Outlier | null {
    return outlier(this.costs.get(of), cost);
  }
}

function outlier(known: Usual | undefined, value: number): Outlier | null {
  return known !== undefined && value > known.limit ? { value, median: known.median, n: known.n } : null;
}

/**
 * Collects what is usual, trace by trace, in bounded memory. A value is an outlier when it exceeds the median of at least
 * 20 by five robust standard deviations (1.4826 times the median absolute deviation) on a logarithmic scale, since
 * durations and costs are skewed, and is at least three times the median.
 * Source: B. Iglewicz and D. C. Hoaglin, "How to Detect and Handle Outliers", ASQC 1993, where 3.5 is the common limit.
 */
export class PopulationBuilder {
  private readonly durationsMs = new Map<string, number[]>();
  private readonly costs = new Map<string, number[]>();

  constructor(private readonly priceOf: PriceOfUsage) {}

  add(trace: Trace): void {
    const view = new TraceView(trace);
    for (const { operation, ms } of durationsOf(view)) sample(this.durationsMs, operation, ms);
    const cost = costOf(view, this.priceOf);
    if (cost !== null) sample(this.costs, cost.key, cost.value);
  }

  get population(): TracePopulation {
    return new TracePopulation(usual(this.durationsMs), usual(this.costs));
  }
}

/** Ended model calls, tools and whole traces, with how long they took. */
export function durationsOf(
  view: TraceView,
): readonly { readonly operation: string; readonly spanId: string; readonly ms: number }[] {
  const measured = new Set([
    ...view.modelCalls.map(({ span }) => span.spanId),
    ...view.toolUses.filter(({ executed }) => executed).map(({ span }) => span.spanId),
  ]);
  return view.spans.flatMap((span) => {
    if (span.endTimeUnixNano === null) return [];
    if (span.parentSpanId !== null && !measured.has(span.spanId)) return [];
    const ms = Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6;
    return ms > 0 ? [{ operation: view.operationKey(span), spanId: span.spanId, ms }] : [];
  });
}

/** What the model calls of a trace cost together: USD where every one has a cost, else tokens; by what the trace did. */
export function costOf(
  view: TraceView,
  priceOf: PriceOfUsage,
): { readonly key: string; readonly value: number; readonly unit: 'USD' | 'tokens' } | null {
  const [root] = view.spans;
  const calls = view.modelCalls.filter(
    ({ operation }) => isModelCall(operation) && billedUsage(operation.usage) !== null,
  );
  if (root === undefined || calls.length === 0) return null;
  const costs = calls.map(({ operation }) => costUsdOf(operation, priceOf));
  const sum = costs.reduce<number | null>(
    (all, cost) => (all === null || cost === null ? null : all + cost),
    0,
  );
  if (sum !== null && sum > 0) return { key: `USD ${view.operationKey(root)}`, value: sum, unit: 'USD' };
  const tokens = calls.reduce(
    (all, { operation: { usage } }) => all + (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0),
    0,
  );
  return tokens === 0 ? null : { key: `tokens ${view.operationKey(root)}`, value: tokens, unit: 'tokens' };
}

function sample(samples: Map<string, number[]>, key: string, value: number): void {
  const known = samples.get(key);
  if (known !== undefined) {
    if (known.length < MOST_SAMPLES) known.push(value);
  } else if (samples.size < MOST_OPERATIONS) samples.set(key, [value]);
}

function usual(samples: ReadonlyMap<string, readonly number[]>): ReadonlyMap<string, Usual> {
  return new Map(
    [...samples]
      .filter(([, values]) => values.length >= LEAST_SAMPLES)
      .map(([key, values]) => {
        const logs = values.map(Math.log);
        const centre = medianOf(logs);
        const deviation = medianOf(logs.map((log) => Math.abs(log - centre)));
        const spread = Math.max(deviation * MAD_TO_SIGMA, LEAST_SPREAD);
        const median = Math.exp(centre);
        const limit = Math.max(Math.exp(centre + FAR * spread), TIMES * median);
        return [key, { median, limit, n: values.length }];
      }),
  );
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
