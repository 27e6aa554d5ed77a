import type { Severity } from './severity';
import type { Evidence } from './experiment';
import type { FailureClass, FailureType } from './taxonomy';

/** Against what the memory knows of the same trigger signature on the same target. */
export const NOVELTIES = ['new', 'seen', 'regressed'] as const;
export type Novelty = (typeof NOVELTIES)[number];

export const FAILURE_STATES = ['open', 'not_reproduced', 'resolved'] as const;
export type FailureState = (typeof FAILURE_STATES)[number];

/** A proportion over assessed runs; `null` when there are none. */
export interface Rate {
  readonly value: number | null;
  readonly n: number;
  readonly count: number;
  /** Wilson 95 % interval; `null` with no assessed run. */
  readonly low: number | null;
  readonly high: number | null;
}

/** A discovered failure: runs that failed for the same reason. */
export interface Finding {
  readonly id: string;
  readonly experimentId: string;
  readonly failureClass: FailureClass;
  readonly failureType: FailureType;
  readonly severity: Severity;
  readonly severityReason: string;
  /** Identifies the failure across cycles: target, type and normalised trigger. */
  readonly triggerSignature: string;
  readonly trigger: string;
  readonly description: string;
  readonly reproducibility: Rate;
  readonly novelty: Novelty;
  readonly rootCause: string;
  readonly evidence: readonly Evidence[];
  readonly failedRunIds: readonly string[];
}
