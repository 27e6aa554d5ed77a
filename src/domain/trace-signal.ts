import type { Detector } from './detector';
import type { Severity } from './severity';
import type { FailureType } from './taxonomy';

/** What a recorded trace can show of a failure. */
export const SIGNAL_KINDS = [
  'error',
  'rate_limit',
  'cascade',
  'retry_storm',
  'finish_length',
  'content_filter',
  'unknown_tool',
  'tool_loop',
  'wrong_order',
  'destructive_call',
  'contradicted_result',
  'context_growth',
  'latency_outlier',
  'cost_outlier',
] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

/** A passage of a recorded span that shows what a signal says. */
export interface SignalEvidence {
  readonly spanId: string;
  /** Where in the span: `status`, `attribute error.message`, `event exception: exception.type` … */
  readonly where: string;
  /** As it stands there, with its escapes: 300 characters at most. */
  readonly quote: string;
  readonly explanation: string;
}

/** A sign of a failure in one trace. There is none without evidence. */
export interface TraceSignal {
  readonly kind: SignalKind;
  readonly failureType: FailureType;
  readonly severity: Severity;
  readonly traceId: string;
  /** The span that the signal is about. */
  readonly spanId: string;
  /** What sets it off, in a few stable words: a tool, a type of exception, a model, an operation. */
  readonly trigger: string;
  /** Where it occurred, in the words of {@link TraceAssessment.exposures}. */
  readonly scope: string;
  readonly explanation: string;
  /** What would show the same failure in a replay of the model's part; missing where no rule can tell. */
  readonly oracle?: Detector;
  readonly evidence: readonly [SignalEvidence, ...SignalEvidence[]];
}

/** All that was looked for and found in one trace. */
export interface TraceAssessment {
  readonly traceId: string;
  readonly signals: readonly TraceSignal[];
  /** Where which signals could have occurred: a share of traces is a share of those. */
  readonly exposures: readonly Exposure[];
}

export interface Exposure {
  readonly kind: SignalKind;
  readonly scope: string;
}
