import type { CycleInput, CyclePhase, EndedCycleState } from '../src/domain/cycle';
import type {
  ActionOrigin,
  DecisionOutcome,
  GateVerdict,
  OfferedDecision,
  ProposedAction,
} from '../src/domain/approval';
import type { ReminderKind } from '../src/domain/approval-rules';
import type { Channel, DeploymentState } from '../src/domain/deployment';
import type { DomainErrorCode } from '../src/domain/errors';
import type { CurrentMode, Mode } from '../src/domain/mode';
import type { ScheduledRequest } from '../src/domain/schedule';
import type { Severity } from '../src/domain/severity';
import type { SimulationVerdict } from '../src/domain/simulation';
import type { Publication } from '../src/ports/deployment-store';
import type { ToolStatus } from '../src/domain/tool';
import type { AppliedChange } from '../src/ports/stores';

/** Facts that hold for the whole cycle, read once at its start. */
export interface CyclePlan {
  readonly startMode: Mode;
  /** True when the researcher needs no model: its phases are then local activities. */
  readonly offline: boolean;
  readonly maxParallelExperiments: number;
  /** How long one attempt of an experiment or a simulation may take. */
  readonly executionTimeoutMs: number;
}

/** Something that needs the gate: what to ask for, not what will be said to the target. */
export interface PlannedStep {
  /** The experiment, the failure or the intervention. */
  readonly subjectId: string;
  readonly title: string;
  readonly action: Omit<ProposedAction, 'approvalId'>;
}

/** The next steps of a phase that have not ended; the workflow asks again while there are `more`. */
export interface PlannedSteps {
  readonly budgetExhausted: boolean;
  /** All steps of the phase, ended or not. */
  readonly total: number;
  readonly steps: readonly PlannedStep[];
  readonly more: boolean;
}

export interface ExperimentOutcome {
  readonly failed: number;
  readonly held: number;
  readonly unassessed: number;
  readonly budgetExhausted: boolean;
}

export interface SimulationOutcome {
  /** Null when the budget ended before the replay did. */
  readonly verdict: SimulationVerdict | null;
  readonly budgetExhausted: boolean;
}

/** Why an experiment, a follow-up or a simulation did not run. */
export type SkipReason = 'blocked' | 'rejected' | 'expired' | 'budget' | 'failed' | 'cancelled';

export interface StepInput {
  readonly cycleId: string;
  readonly subjectId: string;
  readonly gate: GateVerdict;
  readonly timeoutMs: number;
}

/** What starts a mode transition. */
export interface TransitionInput {
  readonly transitionId: string;
  readonly to: Mode;
  readonly requestedBy: string;
  /** Why, in the words of whoever asked. */
  readonly comment: string | null;
  readonly workflowId: string;
}

interface TransitionCheck {
  readonly from: CurrentMode;
  readonly blockedReason: string | null;
  /** False for a way towards safety. */
  readonly gated: boolean;
  readonly action: Omit<ProposedAction, 'approvalId'>;
}

/** What starts a deployment. */
export interface DeploymentInput {
  readonly deploymentId: string;
  readonly interventionId: string;
  readonly channel: Channel;
  readonly requestedBy: string;
  /** Why an admin publishes it whatever its simulation says; null without an override. */
  readonly overrideReason: string | null;
  readonly workflowId: string;
}

/** How a deployment is watched; settled when it is asked for. */
export interface DeploymentPlan {
  readonly watchMs: number;
  /** Assessed pairs after which the watch ends, if the time has not passed before. */
  readonly watchReplays: number;
  readonly executionTimeoutMs: number;
}

export type DeploymentOpening =
  | { readonly outcome: 'refused'; readonly code: DomainErrorCode; readonly message: string }
  | {
      readonly outcome: 'opened';
      readonly action: Omit<ProposedAction, 'approvalId'>;
      readonly plan: DeploymentPlan;
      /** What to do when the gate blocks it; null when the policy does not. */
      readonly blockedHint: string | null;
    };

/** What workflows may ask of the outside world; the only file of this folder they import. All are idempotent. */
export interface Activities
  extends
    CycleActivities,
    ScheduleActivities,
    TransitionActivities,
    DeploymentActivities,
    ToolActivities,
    IngestActivities {}

/** The step of `scheduledCycle` before its cycle. */
interface ScheduleActivities {
  /** Whether a cycle of a schedule may start; says why it may not, which is recorded. Local. */
  admitScheduledCycle(input: {
    readonly cycleId: string;
    readonly workflowId: string;
    readonly request: ScheduledRequest;
  }): Promise<string | null>;
}

/** The steps of `deployIntervention`. */
export interface DeploymentActivities {
  /** Checks what bars a deployment and writes down that it is asked for. Local. */
  openDeployment(input: DeploymentInput): Promise<DeploymentOpening>;
  /** Makes it live, if everything still is as it was approved. */
  publishDeployment(input: {
    readonly input: DeploymentInput;
    readonly gate: GateVerdict;
    readonly plan: DeploymentPlan;
  }): Promise<Publication>;
  /** Ends one that never went live; takes back one that is live and will not be watched any more. */
  abandonDeployment(input: { readonly input: DeploymentInput; readonly reason: string }): Promise<void>;
  /** One round of canary pairs, and what all of them show so far; heart-beats. */
  replayCanaries(input: {
    readonly deploymentId: string;
    readonly round: number;
    readonly timeoutMs: number;
  }): Promise<{
    /** False once it was taken back. */
    readonly live: boolean;
    /** Nothing, or not everything, could be played: the round is to be gone on with later. */
    readonly paused: boolean;
    readonly harm: boolean;
    /** Assessed so far. */
    readonly pairs: number;
  }>;
  /** Ends the watch: keeps the deployment, or takes it back when its canaries show harm. */
  concludeWatch(input: {
    readonly deploymentId: string;
  }): Promise<{ readonly state: DeploymentState; readonly message: string }>;
}

/** What starts the call of a tool. */
export interface ToolInput {
  readonly executionId: string;
  readonly requestedBy: string;
  /** Of the one process that has the tool; absent where every worker has it. */
  readonly taskQueue?: string;
}

/** The steps of `executeTool`. */
interface ToolActivities {
  /** Reads what is asked for. Local. */
  openTool(input: { readonly executionId: string }): Promise<{
    readonly action: Omit<ProposedAction, 'approvalId'>;
    /** True when it takes back what another execution did. */
    readonly rollback: boolean;
  }>;
  /** Calls the tool, once, if it still is what passed the gate; heart-beats. No gate: it takes something back. */
  runTool(input: {
    readonly executionId: string;
    readonly gate: GateVerdict | null;
  }): Promise<{ readonly status: ToolStatus }>;
  /** Writes down that it was not done. Local. */
  refuseTool(input: { readonly executionId: string; readonly reason: string }): Promise<void>;
}

/** The step of `ingestTraces`. */
interface IngestActivities {
  /** Reads what is left of an upload and stores its spans; heart-beats. Of one that has been read it says so. */
  ingestUpload(input: {
    readonly uploadId: string;
  }): Promise<{ readonly spans: number; readonly stored: number; readonly rejected: number }>;
  /** Writes down that an upload will not be read. Local. */
  failUpload(input: { readonly uploadId: string; readonly error: string }): Promise<void>;
}

/** The steps of `modeTransition`. */
interface TransitionActivities {
  /** Reads what a transition depends on and says whether it may go on, and how. Local. */
  checkTransition(input: TransitionInput): Promise<TransitionCheck>;
  /** Changes the mode, if everything still is as it was checked and approved. */
  applyTransition(
    input: TransitionInput & { readonly from: CurrentMode; readonly approvalId: string | null },
  ): Promise<AppliedChange>;
  /** Writes down that a transition did not come about. Local. */
  refuseTransition(
    input: TransitionInput & {
      readonly from: Mode;
      readonly reason: string;
      readonly approvalId: string | null;
    },
  ): Promise<void>;
}

/** The steps of `researchCycle`, and the gate that every workflow uses. */
export interface CycleActivities {
  /** Writes the cycle row where the API has not; reads mode and settings. Local. */
  openCycle(input: CycleInput & { readonly workflowId: string }): Promise<CyclePlan>;
  /** Phase 1. */
  generateHypotheses(input: {
    readonly cycleId: string;
  }): Promise<{ readonly hypotheses: number; readonly budgetExhausted: boolean }>;
  /** Phase 2: designs for every hypothesis that has none yet. */
  designExperiments(input: { readonly cycleId: string }): Promise<PlannedSteps>;
  /** The gate: assesses each action in the stricter of the start mode and the mode now, and records the verdict. Local. */
  assessActions(input: {
    readonly origin: ActionOrigin;
    readonly startMode: Mode;
    readonly actions: readonly ProposedAction[];
  }): Promise<readonly GateVerdict[]>;
  /** Judges a decision and writes it onto its row, which only ever moves forward from `pending`; says what stands. */
  recordApproval(offered: OfferedDecision): Promise<DecisionOutcome>;
  /** Has people reminded of what waits, each kind once; of what is decided, nobody. */
  remindApproval(input: { readonly approvalId: string; readonly kind: ReminderKind }): Promise<void>;
  /** Phase 3: runs what is missing of one experiment; heart-beats. */
  runExperiment(input: StepInput): Promise<ExperimentOutcome>;
  /** A follow-up for every failure, as far as mode and settings permit. Local. */
  planFollowUps(input: { readonly cycleId: string }): Promise<PlannedSteps>;
  /** Minimises and varies what showed one failure; heart-beats. */
  followUpFailure(input: StepInput): Promise<void>;
  /** Records that an experiment, a follow-up or a simulation will not run, and why. Local. */
  skipStep(input: {
    readonly cycleId: string;
    readonly kind: 'experiment' | 'follow_up' | 'simulation';
    readonly subjectId: string;
    readonly reason: SkipReason;
    readonly detail: string;
  }): Promise<void>;
  /** Phase 4: clusters, grades and explains the failed runs of the cycle. */
  discoverFailures(input: { readonly cycleId: string }): Promise<{
    readonly failures: number;
    readonly highestSeverity: Severity | null;
    readonly budgetExhausted: boolean;
  }>;
  /** Phase 5: interventions for every failure, and the simulations of those that a machine can apply. */
  designInterventions(input: { readonly cycleId: string }): Promise<PlannedSteps>;
  /** Phase 6: counterfactual replay of one intervention; heart-beats. */
  simulateIntervention(input: StepInput): Promise<SimulationOutcome>;
  /** Phase 7: writes what was learned into the memory graph. Local. */
  learn(input: { readonly cycleId: string }): Promise<void>;
  /** Ends the cycle row, withdraws what is still pending and settles what is still reserved. Local. */
  closeCycle(input: {
    readonly cycleId: string;
    readonly state: EndedCycleState;
    readonly phase: CyclePhase;
    readonly error: string | null;
  }): Promise<void>;
  /** Projects pause and resume. */
  recordPause(input: { readonly cycleId: string; readonly paused: boolean }): Promise<void>;
}
