import type { ActionType, RiskTier } from './risk';
import type { Mode } from './mode';
import type { Severity } from './severity';

export const APPROVAL_STATES = ['pending', 'approved', 'rejected', 'expired', 'cancelled'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

export const APPROVAL_VERDICTS = ['approved', 'rejected'] as const;
type ApprovalVerdict = (typeof APPROVAL_VERDICTS)[number];

/** Something risky that the cycle wants to do, as shown to the person who decides. */
export interface ProposedAction {
  /** Made by the workflow: the approval, if one is needed, has this id. */
  readonly approvalId: string;
  readonly actionType: ActionType;
  /** The id of the experiment or intervention it is about. */
  readonly subjectId: string;
  readonly description: string;
  readonly severity: Severity;
  readonly estimatedCostMicroUsd: number;
  readonly affectedSystems: readonly string[];
  readonly isReversible: boolean;
  readonly rollbackPlan: string;
  /** SHA-256 over everything that will be done: design, runs, target configuration, patch. */
  readonly argumentsDigest: string;
}

/** What the gate says of a proposed action; for `pending` a person must decide until the deadline. */
export interface GateVerdict {
  readonly approvalId: string;
  readonly subjectId: string;
  readonly tier: RiskTier;
  readonly reason: string;
  /** The mode the verdict was given in and its version, which every reservation of the action checks again. */
  readonly mode: Mode;
  readonly modeVersion: number;
  readonly policyVersion: string;
  /** Digest over action, arguments, cost and policy version; the executor computes it again and refuses on mismatch. */
  readonly actionDigest: string;
  readonly outcome: 'go' | 'wait' | 'refused';
  /** Epoch milliseconds; only with `wait`. */
  readonly deadlineMs?: number;
}

/** A person's decision as it arrives: over the API (with a principal) or as a bare signal (without). */
export interface ApprovalDecision {
  readonly approval_id: string;
  readonly decision: ApprovalVerdict;
  readonly reason?: string;
  /** Who the sender says decided. */
  readonly decided_by: string;
}

/** The decision that stands. */
export interface DecidedApproval {
  readonly approvalId: string;
  readonly state: Exclude<ApprovalState, 'pending'>;
  readonly decidedBy: string | null;
  readonly reason: string | null;
  /** ISO 8601, workflow time. */
  readonly decidedAt: string;
  /** `update` came through the API; `signal` past it; `deadline` and `cycle` are not a person's. */
  readonly via: 'update' | 'signal' | 'policy' | 'deadline' | 'cycle';
}

/** Longest reason and longest name that a decision may carry, in characters. */
export const DECISION_TEXT_LIMIT = 2_000;

/** What is wrong with a decision that came past the API, where anything may be sent; undefined when it is well formed. */
export function decisionProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'the payload is not an object';
  const { approval_id, decision, reason, decided_by } = { ...NO_DECISION, ...value };
  if (typeof approval_id !== 'string') return 'approval_id is not a text';
  if (!APPROVAL_VERDICTS.some((verdict) => verdict === decision))
    return 'decision is neither approved nor rejected';
  if (!isText(decided_by) || decided_by === '') return 'decided_by is not a name';
  return reason === undefined || isText(reason) ? undefined : 'reason is not a text of a sensible length';
}

const NO_DECISION: Readonly<Record<keyof ApprovalDecision, unknown>> = {
  approval_id: undefined,
  decision: undefined,
  reason: undefined,
  decided_by: undefined,
};

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= DECISION_TEXT_LIMIT;
}
