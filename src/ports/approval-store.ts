import type {
  ActionOrigin,
  ApprovalState,
  DecidedApproval,
  DecisionOutcome,
  GateVerdict,
  OfferedDecision,
  ProposedAction,
} from '../domain/approval';
import type { ReminderKind } from '../domain/approval-rules';
import type { DecisionRules } from '../domain/decision-rules';
import type { Mode } from '../domain/mode';
import type { ActionType } from '../domain/risk';

/** What the gate writes for one action. */
export interface AssessedAction {
  readonly action: ProposedAction;
  readonly verdict: GateVerdict;
  /** What policy answered a review by itself: yes in lab, no where nobody is to be asked; null: a person is. */
  readonly policyAnswer: 'approved' | 'rejected' | null;
  /** Whether people are told of it when it is blocked. */
  readonly notifyOnBlock: boolean;
}

/** A question as it was put, and what became of it. */
export interface StoredApproval {
  readonly id: string;
  readonly cycleId: string | null;
  readonly workflowId: string;
  readonly actionType: ActionType;
  readonly subjectId: string;
  readonly description: string;
  readonly mode: Mode;
  readonly policyVersion: string;
  readonly actionDigest: string;
  /** As in `ProposedAction`. */
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly state: ApprovalState;
  readonly decision: DecidedApproval | null;
}

/** An action that its executor would not do: it is not what was approved. */
export interface RefusedAction {
  readonly approvalId: string;
  readonly actionType: ActionType;
  readonly subjectId: string;
  readonly expectedDigest: string;
  readonly foundDigest: string;
  readonly reason: string;
}

/** A decision that came too late: another stands. */
export interface LateDecision {
  /** The same for a repeat. */
  readonly key: string;
  readonly approvalId: string;
  readonly decision: 'approved' | 'rejected';
  readonly decidedBy: string;
  readonly provenBy: string | null;
}

export interface ApprovalStore {
  /** Writes approval rows (for tier review) and audit entries (for all); where a row exists, its verdict stands and is returned. */
  saveAssessed(origin: ActionOrigin, assessed: readonly AssessedAction[]): Promise<readonly GateVerdict[]>;
  /**
   * Moves forward from `pending` and writes the decision where it is enough by the rules; where one stands, it changes
   * nothing and answers with that.
   * @throws {DomainError} `approval_not_found`.
   */
  record(offered: OfferedDecision, rules: DecisionRules): Promise<DecisionOutcome>;
  /** Writes down that people are to be reminded of what still waits, each kind once. */
  remind(approvalId: string, kind: ReminderKind): Promise<void>;
  /** Writes down that an executor refused to act. */
  refuseAction(refused: RefusedAction): Promise<void>;
  /** Writes down that a decision came too late. */
  refuseLate(late: LateDecision): Promise<void>;
  /** Withdraws what a workflow that is gone has asked and nobody has answered. */
  withdraw(workflowId: string, reason: string): Promise<void>;
  /** @throws {DomainError} `approval_not_found`. */
  get(approvalId: string): Promise<StoredApproval>;
}
