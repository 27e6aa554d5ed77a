import type { Detector } from '../../domain/detector';
import type { PriceOfUsage } from '../../domain/trace-genai';
import type { Severity } from '../../domain/severity';
import type { FailureType } from '../../domain/taxonomy';
import type { SignalEvidence, SignalKind } from '../../domain/trace-signal';
import type { TracePopulation } from './population';
import type { TraceView } from './trace-view';

/** What the owner of an application knows, and traces do not say. */
export interface SignalSettings {
  /** The context window of a model, in tokens; undefined when it is not known. */
  readonly contextTokensOf: (model: string) => number | undefined;
  /** For operations without a recorded cost. */
  readonly priceOf: PriceOfUsage;
  /** Tools that must have been called successfully before, by the name of the tool that needs them. */
  readonly requires: Readonly<Record<string, readonly string[]>>;
  /** Tools that destroy or overwrite. */
  readonly destructiveTools: readonly string[];
  /** What is usual; null: nothing is known, and nothing is an outlier. */
  readonly population: TracePopulation | null;
}

export const NO_SETTINGS: SignalSettings = {
  contextTokensOf: () => undefined,
  priceOf: () => undefined,
  requires: {},
  destructiveTools: [],
  population: null,
};

/** A sign as a rule finds it; without a quote among its evidence it is dropped. */
export interface FoundSignal {
  readonly failureType: FailureType;
  /** The default of the failure type, where it is not given. */
  readonly severity?: Severity;
  readonly spanId: string;
  readonly scope: string;
  readonly trigger: string;
  readonly explanation: string;
  /** As in `TraceSignal`. */
  readonly oracle?: Detector;
  readonly evidence: readonly (SignalEvidence | null)[];
}

/** One kind of signal: a file beside this one and a line in the registry. */
export interface SignalRule {
  readonly kind: SignalKind;
  /** Where in this trace the signal could occur, as scopes: the denominators of its share. */
  readonly exposures: (view: TraceView, settings: SignalSettings) => readonly string[];
  readonly find: (view: TraceView, settings: SignalSettings) => readonly FoundSignal[];
}
