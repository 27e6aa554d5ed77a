import type { EarlyStop } from '../domain/early-stop';
import type { ExperimentDesign, RunOutcome } from '../domain/experiment';
import type { CurrentMode, Mode } from '../domain/mode';
import type { TransitionFacts } from '../domain/mode-transition';
import type { CycleInput, CyclePhase, CycleProgress, CycleRequest, EndedCycleState } from '../domain/cycle';
import type { Finding, FailureState } from '../domain/failure';
import type { ResolutionEvidence } from '../domain/failure-resolution';
import type { Hypothesis } from '../domain/hypothesis';
import type { InjectionAttempt } from '../domain/injection-attempts';
import type { Intervention } from '../domain/intervention';
import type { Assessment } from '../domain/judge';
import type { KnownFailure, MemoryEdge, MemoryNode, MemorySnapshot } from '../domain/memory';
import type { ReplaySize } from '../domain/replay-size';
import type { SimulationResult } from '../domain/simulation';
import type { ApprovalStore } from './approval-store';
import type { DeploymentStore } from './deployment-store';
import type { FollowUpStore } from './follow-up-store';
import type { JudgeCalibrationStore } from './judge-calibration-store';
import type { Settlement } from './ledger';
import type { ToolExecutionStore } from './tool';
import type { TraceStore } from './trace-store';
import type { RecordedReplay, RecordedRun } from './recorded-runs';

export type { RecordedReplay, RecordedRun } from './recorded-runs';

/** Which researcher, in which version, made a record. */
export interface ResearcherStamp {
  readonly researcher: string;
  readonly researcherVersion: string;
}

export interface CycleRecord extends ResearcherStamp {
  readonly id: string;
  readonly workflowId: string;
  readonly request: CycleRequest;
  readonly requestHash: string;
  readonly requestedBy: string;
  readonly state: string;
  readonly startMode: Mode;
  readonly createdAt: Date;
}

/** Every write is idempotent and moves the cycle's `phase` along in the same transaction, with its audit entries. */
export interface CycleStore {
  /** Inserts the cycle where it is missing, in the mode now in force, with its budget and audit entry. */
  open(input: CycleInput & ResearcherStamp & { readonly workflowId: string }): Promise<CycleRecord>;
  /** @throws {DomainError} `not_found`. */
  get(cycleId: string): Promise<CycleRecord>;
  find(cycleId: string): Promise<CycleRecord | undefined>;
  /** @throws {DomainError} `not_found`. */
  progress(cycleId: string): Promise<CycleProgress>;
  setPaused(cycleId: string, paused: boolean): Promise<void>;
  enterPhase(cycleId: string, phase: CyclePhase): Promise<void>;
  /** Ends a running cycle; withdraws pending approvals and settles open reservations as unknown. */
  close(cycleId: string, state: EndedCycleState, phase: CyclePhase, error: string | null): Promise<void>;
}

export interface HypothesisStore {
  /** Phase 1 in one transaction. Ids are derived from cycle and position by the caller. */
  save(cycleId: string, hypotheses: readonly Hypothesis[], stamp: ResearcherStamp): Promise<void>;
  /** In order of priority, then position. */
  list(cycleId: string): Promise<readonly Hypothesis[]>;
}

export interface StoredExperiment {
  readonly id: string;
  readonly cycleId: string;
  readonly hypothesisId: string;
  readonly ordinal: number;
  readonly design: ExperimentDesign;
  readonly runsRequested: number;
  readonly estimatedCostMicroUsd: number;
  readonly state: 'designed' | 'running' | 'done' | 'skipped' | 'failed';
  readonly mode: Mode | null;
  readonly runsPermitted: number | null;
}

export interface ExperimentStore {
  /** Phase 2. */
  saveDesigns(
    cycleId: string,
    experiments: readonly Omit<StoredExperiment, 'state' | 'mode' | 'runsPermitted'>[],
    stamp: ResearcherStamp,
  ): Promise<void>;
  list(cycleId: string): Promise<readonly StoredExperiment[]>;
  /** @throws {DomainError} `not_found`. */
  get(experimentId: string): Promise<StoredExperiment>;
  /** Marks it running in `mode` with so many permitted runs, unless it already is or has ended; returns the record that stands and the runs that exist, by their position. */
  begin(
    experimentId: string,
    mode: Mode,
    runsPermitted: number,
  ): Promise<{
    readonly experiment: StoredExperiment;
    readonly recorded: readonly Pick<RecordedRun, 'ordinal' | 'outcome'>[];
  }>;
  /** Inserts runs that do not exist yet and books their settlements, in one transaction. */
  recordRuns(
    experimentId: string,
    cycleId: string,
    runs: readonly RecordedRun[],
    settlements: readonly Settlement[],
  ): Promise<void>;
  /** Marks it done, before its last run where it was stopped early, and counts its runs. */
  finish(experimentId: string, stoppedEarly: EarlyStop | null): Promise<Readonly<Record<RunOutcome, number>>>;
  skip(experimentId: string, reason: string, detail: string): Promise<void>;
  /** All runs of a cycle with their transcripts, ordered by experiment and position. */
  runsOfCycle(cycleId: string): Promise<readonly (RecordedRun & { readonly experimentId: string })[]>;
  runs(ids: readonly string[]): Promise<readonly (RecordedRun & { readonly experimentId: string })[]>;
}

export interface StoredFinding extends Finding {
  readonly cycleId: string;
  readonly target: string;
  readonly impact: number;
  readonly impactReason: string;
  readonly previousFailureId: string | null;
  /** Who decided the runs behind `reproducibility`. */
  readonly assessed: Assessment;
  /** What in its failed runs tells a judge or the researcher what to conclude. */
  readonly injectionAttempts: readonly InjectionAttempt[];
}

/** A test case that showed a failure. */
export interface FailingCase {
  readonly experimentId: string;
  /** Into the cases of the design. */
  readonly caseIndex: number;
}

export interface FailureStore {
  /** Phase 4 in one transaction: the findings, their runs, and the states of earlier failures that changed. */
  saveDiscovered(
    cycleId: string,
    findings: readonly StoredFinding[],
    stateChanges: readonly { readonly failureId: string; readonly state: FailureState }[],
    stamp: ResearcherStamp,
  ): Promise<void>;
  list(cycleId: string): Promise<readonly StoredFinding[]>;
  /**
   * A person says that a failure is resolved, and shows why; the same signature found again is then a regression.
   * @throws {DomainError} `not_found`; `state_conflict` when it is resolved already; `invalid_arguments` for evidence that
   *   is not of this failure or does not speak for it.
   */
  resolve(input: {
    readonly failureId: string;
    readonly by: string;
    readonly evidence: ResolutionEvidence;
  }): Promise<void>;
  /** @throws {DomainError} `not_found`; `state_conflict` for a failure that is not resolved. */
  reopen(input: { readonly failureId: string; readonly by: string; readonly reason: string }): Promise<void>;
  /** The latest failure of each signature on a target, from cycles other than `exceptCycleId`. */
  known(target: string, exceptCycleId: string): Promise<readonly KnownFailure[]>;
  /** These failures, each with the cases that showed it; in no order. */
  recorded(
    failureIds: readonly string[],
  ): Promise<readonly (StoredFinding & { readonly failingCases: readonly FailingCase[] })[]>;
}

export interface StoredSimulation {
  readonly id: string;
  readonly cycleId: string;
  readonly interventionId: string;
  readonly state: 'planned' | 'running' | 'done' | 'skipped' | 'failed';
  readonly pairsRequested: number;
  /** Why so many, and what they can show; null for a replay from before this was recorded. */
  readonly plan: ReplaySize | null;
  readonly estimatedCostMicroUsd: number;
  readonly result: SimulationResult | null;
}

export interface InterventionStore {
  /** Phase 5 in one transaction: interventions, and planned simulations for those a machine can apply. */
  save(
    cycleId: string,
    interventions: readonly (Intervention & { readonly ordinal: number })[],
    simulations: readonly Omit<StoredSimulation, 'state' | 'result'>[],
    stamp: ResearcherStamp,
  ): Promise<void>;
  list(cycleId: string): Promise<readonly (Intervention & { readonly ordinal: number })[]>;
  /** @throws {DomainError} `not_found`. */
  get(interventionId: string): Promise<Intervention>;
}

export interface SimulationStore {
  list(cycleId: string): Promise<readonly StoredSimulation[]>;
  /** Marks the simulation of this intervention in this cycle running unless it has ended; returns it with what is recorded. */
  begin(
    cycleId: string,
    interventionId: string,
  ): Promise<{ readonly simulation: StoredSimulation; readonly recorded: readonly RecordedReplay[] }>;
  recordReplays(
    simulationId: string,
    replays: readonly RecordedReplay[],
    settlements: readonly Settlement[],
  ): Promise<void>;
  finish(simulationId: string, result: SimulationResult): Promise<void>;
  skip(simulationId: string, reason: string, detail: string): Promise<void>;
}

export interface ModeStore {
  current(): Promise<CurrentMode>;
  /** Sets the mode of an empty database; where a mode exists it changes nothing. Returns the mode in force. */
  initialise(mode: Mode, requestedBy: string): Promise<CurrentMode>;
  /** What a transition depends on, apart from the migrations. */
  facts(): Promise<Omit<TransitionFacts, 'migrationProblem'>>;
  /**
   * Changes the mode in one transaction over mode, history and audit, if it still is `from` in its version, nothing new
   * bars it, and the approval, where one was needed, stands.
   */
  apply(change: ModeChange): Promise<AppliedChange>;
  /** Writes down that a transition did not come about, and why. */
  refuse(refusal: Omit<ModeChange, 'from'> & { readonly from: Mode; readonly reason: string }): Promise<void>;
  /**
   * The emergency rollback: from production to shadow in one transaction, past everything that waits, whose approvals are
   * withdrawn. From shadow it only withdraws; from lab it changes nothing.
   */
  forceShadow(input: {
    readonly requestedBy: string;
    readonly reason: string;
  }): Promise<{ readonly changed: boolean; readonly withdrawn: number; readonly mode: CurrentMode }>;
  /** Newest first. */
  history(limit: number): Promise<readonly ModeHistoryEntry[]>;
  /** The transition that waits for a person. */
  waiting(): Promise<WaitingTransition | undefined>;
  /** Whether the last transition that was put to a person was withdrawn by a rollback. */
  lastWithdrawn(): Promise<boolean>;
}

/** A change of mode that passed its preconditions and, where one was needed, its approval. */
export interface ModeChange {
  /** Made by the workflow: the same change is applied once. */
  readonly transitionId: string;
  readonly from: CurrentMode;
  readonly to: Mode;
  readonly requestedBy: string;
  readonly comment: string | null;
  readonly workflowId: string | null;
  readonly approvalId: string | null;
}

/** `version` is the new one; `superseded` says that the mode was changed, or the approval withdrawn, meanwhile. */
export type AppliedChange =
  | { readonly outcome: 'changed'; readonly mode: CurrentMode }
  | { readonly outcome: 'blocked' | 'superseded'; readonly reason: string };

export interface ModeHistoryEntry {
  readonly from: Mode | null;
  readonly to: Mode;
  readonly version: number;
  readonly reason: string | null;
  readonly requestedBy: string;
  readonly emergency: boolean;
  readonly at: Date;
}

export interface WaitingTransition {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly requestedBy: string;
  readonly deadlineAt: Date | null;
}

export interface MemoryStore {
  snapshot(target: string, exceptCycleId: string): Promise<MemorySnapshot>;
  /** Inserts what is missing, by the ids given. */
  write(nodes: readonly MemoryNode[], edges: readonly MemoryEdge[]): Promise<void>;
  nodes(filter: {
    readonly kind?: string;
    readonly key?: string;
    readonly asOf?: Date;
    readonly limit: number;
  }): Promise<readonly MemoryNode[]>;
  neighbours(
    nodeId: string,
    asOf?: Date,
  ): Promise<readonly { readonly edge: MemoryEdge; readonly node: MemoryNode }[]>;
}

/** A researcher's model call as it is kept. */
export interface LlmCallRecord {
  readonly ledgerKey: string;
  /** Null for a call that belongs to no cycle. */
  readonly cycleId: string | null;
  readonly operation: string;
  readonly provider: string;
  readonly model: string;
  readonly promptVersion: string;
  readonly request: unknown;
  readonly response: unknown;
  readonly status: 'answered' | 'invalid' | 'error';
  readonly error: string | null;
  readonly latencyMs: number;
}

export interface LlmCallStore {
  /** Keeps the call and books its settlement in one transaction. */
  record(call: LlmCallRecord, settlement: Settlement): Promise<void>;
}

/** Everything the activities persist, one store an aggregate. */
export interface Stores {
  readonly cycles: CycleStore;
  readonly hypotheses: HypothesisStore;
  readonly experiments: ExperimentStore;
  readonly failures: FailureStore;
  readonly followUps: FollowUpStore;
  readonly interventions: InterventionStore;
  readonly simulations: SimulationStore;
  readonly deployments: DeploymentStore;
  readonly approvals: ApprovalStore;
  readonly mode: ModeStore;
  readonly memory: MemoryStore;
  readonly llmCalls: LlmCallStore;
  readonly judgeCalibrations: JudgeCalibrationStore;
  readonly toolExecutions: ToolExecutionStore;
  readonly traces: TraceStore;
}
