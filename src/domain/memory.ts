import type { FailureType } from './taxonomy';
import type { FailureState } from './failure';
import type { JsonObject } from './chat';
import type { Observation } from './statistics';
import type { TraceFailure } from './trace-failures';

export const NODE_KINDS = [
  'model_version',
  'hypothesis',
  'experiment',
  'run',
  'failure_mode',
  'intervention',
  'simulation',
  'deployment',
  'rollback',
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export const EDGE_KINDS = [
  'tested_in',
  'executed_as',
  'observed_in',
  'caused_by',
  'addressed_by',
  'simulated_by',
  'deployed_as',
  'rolled_back_by',
  'regressed_as',
  'evolved_into',
] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

/** A node is identified by its kind and natural key; `validTo` null means it still holds. */
export interface MemoryNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly key: string;
  readonly label: string;
  readonly data: JsonObject;
  readonly validFrom: Date;
  readonly validTo: Date | null;
}

export interface MemoryEdge {
  readonly id: string;
  readonly kind: EdgeKind;
  readonly fromId: string;
  readonly toId: string;
  readonly validFrom: Date;
  readonly validTo: Date | null;
}

/** What memory says of one failure type on one target. */
export interface TypeHistory {
  readonly failureType: FailureType;
  /** Experiments run. */
  readonly experiments: number;
  readonly assessedRuns: number;
  readonly failedRuns: number;
  /**
   * What each cycle saw that still counts, ages in days: nothing from before a failure of the type was resolved, since the
   * target is another one since then.
   */
  readonly observations: readonly Observation[];
  /** The mean cost of a run in micro-USD; null where runs cost nothing. */
  readonly runMicroUsd: number | null;
}

export interface KnownFailure {
  readonly failureId: string;
  readonly triggerSignature: string;
  readonly failureType: FailureType;
  readonly trigger: string;
  readonly state: FailureState;
}

/** A hypothesis that was tested on the target, in whatever cycles. */
export interface TestedHypothesis {
  readonly failureType: FailureType;
  readonly statement: string;
  /** What each cycle saw of it that still counts, as in `TypeHistory`. */
  readonly observations: readonly Observation[];
}

/** What a cycle knows before it starts: one entry a type that was ever tested on the target. */
export interface MemorySnapshot {
  readonly history: readonly TypeHistory[];
  readonly knownFailures: readonly KnownFailure[];
  /** The latest first. */
  readonly testedHypotheses?: readonly TestedHypothesis[];
  /** What recorded traces of the target show, the gravest first. */
  readonly traceFailures?: readonly TraceFailure[];
}

export const EMPTY_MEMORY: MemorySnapshot = { history: [], knownFailures: [] };
