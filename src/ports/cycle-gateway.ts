import type { Principal } from '../domain/access';
import type { ApprovalDecision, DecidedApproval } from '../domain/approval';
import type { CycleRequest } from '../domain/cycle';

export interface StartedCycle {
  readonly cycleId: string;
  readonly workflowId: string;
  /** False when the Idempotency-Key named a cycle that exists. */
  readonly created: boolean;
}

/** Starts and steers cycles: the durable side of the API, over Temporal. */
export interface CycleGateway {
  /**
   * @throws {DomainError} `idempotency_conflict` when the key was used for another request, `unknown_target`.
   */
  start(request: CycleRequest, requestedBy: string, idempotencyKey?: string): Promise<StartedCycle>;
  /** Waits for the end, at most so long and until the signal is aborted; false when it still runs. */
  waitForEnd(cycleId: string, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** @throws {DomainError} `not_found`, `cycle_already_ended`. */
  cancel(cycleId: string): Promise<void>;
  /** @throws {DomainError} `not_found`, `cycle_already_ended`. */
  setPaused(cycleId: string, paused: boolean): Promise<void>;
}

export interface ApprovalGateway {
  /**
   * Answers once the workflow has taken and written the decision; a repeat with the same key gives the first answer.
   * @throws {DomainError} `approval_not_found`; `approval_already_decided` with the decision that stands; `not_ready` when no worker answers in time.
   */
  decide(decision: ApprovalDecision, principal: Principal, idempotencyKey?: string): Promise<DecidedApproval>;
}
