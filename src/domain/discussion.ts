import type { InjectionAttempt } from './injection-attempts';
import type { FailureState, Novelty } from './failure';
import type { Severity } from './severity';
import type { PairedComparison } from './simulation';

/** What a conversation may be about; records are cited as `[kind:id]`. */
export const DISCUSSED_KINDS = [
  'failure',
  'intervention',
  'simulation',
  'cycle',
  'approval',
  'budget',
] as const;
export type DiscussedKind = (typeof DISCUSSED_KINDS)[number];

export interface DiscussedFailure {
  readonly kind: 'failure';
  readonly id: string;
  readonly cycleId: string;
  readonly target: string;
  readonly failureClass: string;
  readonly failureType: string;
  readonly severity: Severity;
  readonly severityReason: string;
  readonly state: FailureState;
  readonly novelty: Novelty;
  readonly failedRuns: number;
  readonly assessedRuns: number;
  /** Wilson, 95 %. */
  readonly low: number;
  readonly high: number;
  readonly trigger: string;
  readonly description: string;
  readonly rootCause: string;
  readonly impactReason: string;
  readonly quotes: readonly string[];
  readonly createdAt: Date;
}

export interface DiscussedIntervention {
  readonly kind: 'intervention';
  readonly id: string;
  readonly failureId: string;
  readonly type: string;
  readonly name: string;
  readonly description: string;
  readonly riskTier: string;
  readonly isReversible: boolean;
  /** The channels it is live on. */
  readonly liveOn: readonly string[];
}

/** A counterfactual replay of an intervention. */
export interface DiscussedSimulation {
  readonly kind: 'simulation';
  readonly id: string;
  readonly interventionId: string;
  readonly failureId: string;
  readonly state: string;
  /** Null while it has not ended. */
  readonly result: {
    readonly verdict: string;
    readonly failing: PairedComparison;
    readonly controls: PairedComparison;
  } | null;
}

export interface DiscussedCycle {
  readonly kind: 'cycle';
  readonly id: string;
  readonly target: string;
  readonly focus: string | null;
  readonly state: string;
  readonly phase: string;
  readonly hypotheses: number;
  readonly experiments: number;
  readonly failures: number;
  readonly interventions: number;
  readonly spentMicroUsd: number;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

export interface DiscussedApproval {
  readonly kind: 'approval';
  readonly id: string;
  readonly actionType: string;
  readonly description: string;
  readonly riskTier: string;
  readonly severity: Severity;
  readonly state: string;
  readonly mode: string;
  readonly estimatedCostMicroUsd: number;
  readonly createdAt: Date;
  readonly deadlineAt: Date | null;
}

/** A budget with its latest period. */
export interface DiscussedBudget {
  readonly kind: 'budget';
  readonly id: string;
  readonly scope: string;
  readonly period: string;
  readonly periodStart: Date;
  readonly limitMicroUsd: number | null;
  readonly settledMicroUsd: number;
  readonly reservedMicroUsd: number;
  /** What was settled in it, the dearest first. */
  readonly bySource: readonly { readonly source: string; readonly micro: number; readonly calls: number }[];
}

export type DiscussedRecord =
  | DiscussedFailure
  | DiscussedIntervention
  | DiscussedSimulation
  | DiscussedCycle
  | DiscussedApproval
  | DiscussedBudget;

/** What the database holds that a question may be about. */
export interface DiscussionMaterial {
  /** At most a few of each kind, what fits the question best first. */
  readonly records: readonly DiscussedRecord[];
  /** References of what the question itself names, by id or in words, or refers back to. */
  readonly meant: ReadonlySet<string>;
  /** In the whole database. */
  readonly totals: {
    readonly failures: number;
    readonly openFailures: number;
    readonly pendingApprovals: number;
    readonly liveInterventions: number;
    readonly runningCycles: number;
  };
}

/** One statement with what shall support it. */
export interface Claim {
  readonly text: string;
  /** References as `kind:id`, as they were given. */
  readonly cites: readonly string[];
}

/** A statement that was held against the records it cites. */
export interface SupportedSentence {
  readonly text: string;
  /** Full references, one at least. */
  readonly cites: readonly string[];
}

/** A passage of a record that tries to steer whoever reads it. */
export interface RecordedAttempt extends InjectionAttempt {
  readonly record: string;
}

/** Messages of a conversation that are kept, and that count; older ones are forgotten. */
export const MAX_CONVERSATION_MESSAGES = 200;

/** How long a message is kept at most. */
export const DISCUSSION_KEPT_DAYS = 90;

/** Characters of one question. */
export const MAX_QUESTION_CHARS = 4_000;

/** The conversation of who names none. */
export const DEFAULT_DISCUSSION_SESSION = 'default';
/** What a conversation may be called. */
export const DISCUSSION_SESSION_NAME = /^[\w.:-]{1,100}$/;

/** How a record is cited, brackets apart. */
export function referenceOf({ kind, id }: Pick<DiscussedRecord, 'kind' | 'id'>): string {
  return `${kind}:${id}`;
}
