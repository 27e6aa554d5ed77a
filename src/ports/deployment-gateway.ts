import type { Channel } from '../domain/deployment';

/** An intervention that somebody wants to go live. */
export interface DeploymentRequest {
  readonly interventionId: string;
  readonly channel: Channel;
  readonly requestedBy: string;
  /** Publishes without a current verdict `improved`; the caller has made sure that an admin asks. */
  readonly override?: { readonly reason: string };
  /** The same key from the same requester is the same deployment. */
  readonly idempotencyKey?: string;
}

export interface RequestedDeployment {
  readonly deploymentId: string;
  readonly workflowId: string;
  /** False when the idempotency key named a deployment that exists. */
  readonly created: boolean;
  /** The question that it waits for; null once that is decided. */
  readonly approvalId: string | null;
}

/** One deployment, or every one of an intervention. */
export type RollbackSubject = { readonly deploymentId: string } | { readonly interventionId: string };

export interface RolledBackDeployment {
  readonly deploymentId: string;
  readonly interventionId: string;
  readonly channel: Channel;
  readonly target: string;
  /** False when it had been rolled back before. */
  readonly changed: boolean;
}

/** Has interventions go live, and takes them back. */
export interface DeploymentGateway {
  /**
   * Answers once the deployment waits for a person: it is published when one approves, and watched from then on.
   * @throws {DomainError} `not_found`; `state_conflict` and `action_blocked` with what bars it; `idempotency_conflict`;
   *   `not_ready` when no worker answers in time.
   */
  request(request: DeploymentRequest): Promise<RequestedDeployment>;
  /**
   * Takes back what is live or kept, at once: past matrix and approval, by the database alone.
   * @throws {DomainError} `not_found`; `state_conflict` when nothing of it was ever live.
   */
  rollback(
    input: RollbackSubject & { readonly requestedBy: string; readonly reason: string },
  ): Promise<readonly RolledBackDeployment[]>;
}
