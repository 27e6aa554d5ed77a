import type { Reminder } from './approval-rules';
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
  /** True: a person decides whatever mode and tier say; policy never approves it. */
  readonly personRequired: boolean;
  /** What is asked for, as far as no record holds it; shown to whoever decides, and part of the digest. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Where a proposed action comes from. */
export interface ActionOrigin {
  /** Null outside research cycles. */
  readonly cycleId: string | null;
  /** The workflow that waits for the decision. */
  readonly workflowId: string;
  /** Whose request led to it; nobody approves what they asked for at S3 and above. */
  readonly requestedBy: string;
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
  /** What is sent before the deadline, in order; only with `wait`. */
  readonly reminders?: readonly Reminder[];
}

/** A person's decision as it arrives: over the API (with a proof, where a key stands behind it) or as a bare signal. */
export interface ApprovalDecision {
  readonly approval_id: string;
  readonly decision: ApprovalVerdict;
  readonly reason?: string;
  /** Who the sender says decided. */
  readonly decided_by: string;
  /** Names what the API wrote down of the key behind it; without it the decision is unproven. */
  readonly proof_id?: string;
}

/** The decision that stands. */
export interface DecidedApproval {
  readonly approvalId: string;
  readonly state: Exclude<ApprovalState, 'pending'>;
  /** As the sender claims. */
  readonly decidedBy: string | null;
  /** The owner of the key behind it; null when nothing proves who decided. */
  readonly provenBy: string | null;
  readonly reason: string | null;
  /** ISO 8601, workflow time. */
  readonly decidedAt: string;
  readonly via: DecisionVia;
}

/** `update` came through the API, `signal` past it; the others are not a person's. */
export const DECISION_VIAS = ['update', 'signal', 'policy', 'deadline', 'cycle', 'mode'] as const;
type DecisionVia = (typeof DECISION_VIAS)[number];

/** A decision on its way to the record. */
export interface OfferedDecision extends Omit<DecidedApproval, 'provenBy'> {
  readonly proofId?: string;
}

/** Why a decision is not enough. */
export const INSUFFICIENT = ['decision_unproven', 'four_eyes_required', 'comment_required'] as const;

/** What came of an offered decision: the one that stands (it, or an earlier one), or why it is not enough. */
export type DecisionOutcome =
  | { readonly taken: true; readonly decided: DecidedApproval }
  | { readonly taken: false; readonly code: (typeof INSUFFICIENT)[number]; readonly message: string };

/** Longest reason and longest name that a decision may carry, in characters. */
export const DECISION_TEXT_LIMIT = 2_000;

/** What is wrong with a decision that came past the API, where anything may be sent; undefined when it is well formed. */
export function decisionProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'the payload is not an object';
  const { approval_id, decision, reason, decided_by, proof_id } = { ...NO_DECISION, ...value };
  if (typeof approval_id !== 'string') return 'approval_id is not a text';
  if (!APPROVAL_VERDICTS.some((verdict) => verdict === decision))
    return 'decision is neither approved nor rejected';
  if (!isText(decided_by) || decided_by === '') return 'decided_by is not a name';
  if (!isTextOrAbsent(proof_id)) return 'proof_id is not a text';
  return isTextOrAbsent(reason) ? undefined : 'reason is not a text of a sensible length';
}

const NO_DECISION: Readonly<Record<keyof ApprovalDecision, unknown>> = {
  approval_id: undefined,
  decision: undefined,
  reason: undefined,
  decided_by: undefined,
  proof_id: undefined,
};

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || isText(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= DECISION_TEXT_LIMIT;
}
