import type { GateVerdict } from '../domain/approval';
import type { Channel, DeploymentState } from '../domain/deployment';
import type { Watch } from '../domain/harm-watch';
import type { Intervention, Patch } from '../domain/intervention';
import type { SimulationVerdict } from '../domain/simulation';
import type { RolledBackDeployment, RollbackSubject } from './deployment-gateway';
import type { Settlement } from './ledger';
import type { RecordedReplay } from './recorded-runs';

/** An intervention with what its deployment depends on. */
export interface DeploymentCandidate {
  readonly intervention: Intervention;
  readonly cycleId: string;
  readonly target: string;
  /** The latest that came to its end. */
  readonly simulation: {
    readonly id: string;
    readonly verdict: SimulationVerdict;
    /** Of model and configuration that it was replayed on; null where it was not kept. */
    readonly configurationDigest: string | null;
  } | null;
}

/** What is asked for. */
export interface NewDeployment {
  readonly id: string;
  readonly interventionId: string;
  readonly simulationId: string | null;
  readonly channel: Channel;
  readonly target: string;
  readonly patch: Patch;
  readonly overrideReason: string | null;
  readonly workflowId: string;
  readonly requestedBy: string;
}

export interface StoredDeployment extends NewDeployment {
  readonly state: DeploymentState;
  readonly endReason: string | null;
  /** Null until it is live. */
  readonly watch: Watch | null;
}

/** One lane of one canary pair. */
type RecordedCanary = Omit<RecordedReplay, 'sourceRunId'>;

/** What a lane of a canary pair showed; enough to judge the pair. */
type CanaryOutcome = Pick<RecordedCanary, 'control' | 'pair' | 'lane' | 'outcome'>;

/** `refused`: what was approved must not go live any more. */
export type Publication =
  { readonly outcome: 'published' } | { readonly outcome: 'refused'; readonly reason: string };

/** Every write is idempotent and carries its audit entries in the same transaction. */
export interface DeploymentStore {
  /** @throws {DomainError} `not_found`. */
  candidate(interventionId: string): Promise<DeploymentCandidate>;
  /**
   * Writes down what is asked for, once an id.
   * @returns the deployment that is open for this intervention on this channel: itself, or the one that bars it.
   */
  open(deployment: NewDeployment): Promise<StoredDeployment>;
  find(deploymentId: string): Promise<StoredDeployment | undefined>;
  /** @throws {DomainError} `not_found`. */
  get(deploymentId: string): Promise<StoredDeployment>;
  /** The question that a deployment waits for. */
  waitingApproval(workflowId: string): Promise<string | null>;
  /**
   * Goes live, if it still waits for that, its approval stands for exactly this action, and the mode allows it.
   * @throws {DomainError} `mode_changed`, whereupon the action is to be assessed anew.
   */
  publish(input: {
    readonly deploymentId: string;
    readonly gate: GateVerdict;
    readonly watch: Watch;
  }): Promise<Publication>;
  /** Ends what never went live, withdraws the question it waits for, and says why; what was barred at once has no row. */
  refuse(deployment: Omit<NewDeployment, 'patch' | 'target' | 'simulationId'>, reason: string): Promise<void>;
  canaries(deploymentId: string): Promise<readonly CanaryOutcome[]>;
  recordCanaries(
    deploymentId: string,
    canaries: readonly RecordedCanary[],
    settlements: readonly Settlement[],
  ): Promise<void>;
  /** How the watch of what is live stands; changes nothing once it has ended. */
  saveWatch(deploymentId: string, watch: Watch): Promise<void>;
  /** Ends the watch of what is live: it is kept. */
  keep(deploymentId: string, watch: Watch): Promise<void>;
  /**
   * Takes back what is live or kept, in one transaction; with `watch`, because of what that shows.
   * @throws {DomainError} `not_found`; `state_conflict` when nothing of it was ever live.
   */
  rollBack(
    subject: RollbackSubject,
    why: { readonly by: string; readonly reason: string; readonly watch?: Watch },
  ): Promise<readonly (RolledBackDeployment & { readonly workflowId: string })[]>;
}
