import type { CycleInput, CyclePhase, EndedCycleState } from '../src/domain/cycle';
import type { DecidedApproval, GateVerdict, ProposedAction } from '../src/domain/approval';
import type { Mode } from '../src/domain/mode';
import type { SimulationVerdict } from '../src/domain/simulation';

/** Facts that hold for the whole cycle, read once at its start. */
export interface CyclePlan {
  readonly startMode: Mode;
  /** True when the researcher needs no model: its phases are then local activities. */
  readonly offline: boolean;
  readonly maxParallelExperiments: number;
  readonly experimentTimeoutMs: number;
}

/** A designed experiment as the workflow needs it: what to gate, not what to ask. */
export interface PlannedExperiment {
  readonly experimentId: string;
  readonly action: Omit<ProposedAction, 'approvalId'>;
}

export interface ExperimentOutcome {
  readonly experimentId: string;
  readonly failed: number;
  readonly held: number;
  readonly unassessed: number;
  readonly budgetExhausted: boolean;
}

export interface PlannedSimulation {
  readonly interventionId: string;
  readonly action: Omit<ProposedAction, 'approvalId'>;
}

export interface SimulationOutcome {
  readonly interventionId: string;
  readonly verdict: SimulationVerdict;
  readonly budgetExhausted: boolean;
}

/** Whether a research phase had the money for its model calls. */
export interface PhaseOutcome {
  readonly budgetExhausted: boolean;
}

/** Why an experiment or simulation did not run. */
export type SkipReason = 'blocked' | 'rejected' | 'expired' | 'budget' | 'failed' | 'cancelled';

/** What workflows may ask of the outside world; the only file of this folder they import. All idempotent. */
export interface Activities {
  /** Writes the cycle row where the API has not, its budget and the audit entry; reads the mode. Local. */
  openCycle(input: CycleInput & { readonly workflowId: string; readonly runId: string }): Promise<CyclePlan>;
  /** Phase 1. */
  generateHypotheses(input: {
    readonly cycleId: string;
  }): Promise<PhaseOutcome & { readonly hypotheses: number }>;
  /** Phase 2: designs for every hypothesis that has none yet. */
  designExperiments(input: {
    readonly cycleId: string;
  }): Promise<PhaseOutcome & { readonly experiments: readonly PlannedExperiment[] }>;
  /** The gate: assesses each action in the stricter of the start mode and the mode now, and records the verdict. Local. */
  assessActions(input: {
    readonly cycleId: string;
    readonly startMode: Mode;
    readonly actions: readonly ProposedAction[];
  }): Promise<readonly GateVerdict[]>;
  /** Projects a decision onto its row, which only ever moves forward from `pending`. Local. */
  recordApproval(input: { readonly cycleId: string; readonly decided: DecidedApproval }): Promise<void>;
  /** Phase 3: runs what is missing of one experiment; heart-beats. */
  runExperiment(input: {
    readonly cycleId: string;
    readonly experimentId: string;
    readonly gate: GateVerdict;
  }): Promise<ExperimentOutcome>;
  /** Records that an experiment or simulation will not run, and why. Local. */
  skipSubject(input: {
    readonly cycleId: string;
    readonly kind: 'experiment' | 'simulation';
    readonly subjectId: string;
    readonly reason: SkipReason;
    readonly detail: string;
  }): Promise<void>;
  /** Phase 4: clusters, grades and explains the failed runs of the cycle. */
  discoverFailures(input: {
    readonly cycleId: string;
  }): Promise<PhaseOutcome & { readonly failures: number }>;
  /** Phase 5. */
  designInterventions(input: {
    readonly cycleId: string;
  }): Promise<PhaseOutcome & { readonly simulations: readonly PlannedSimulation[] }>;
  /** Phase 6: counterfactual replay of one intervention; heart-beats. */
  simulateIntervention(input: {
    readonly cycleId: string;
    readonly interventionId: string;
    readonly gate: GateVerdict;
  }): Promise<SimulationOutcome>;
  /** Phase 7: writes what was learned into the memory graph. Local. */
  learn(input: { readonly cycleId: string }): Promise<void>;
  /** Ends the cycle row, withdraws what is still pending and settles what is still reserved. Local. */
  closeCycle(input: {
    readonly cycleId: string;
    readonly state: EndedCycleState;
    readonly phase: CyclePhase;
    readonly error: string | null;
  }): Promise<void>;
  /** Projects pause and resume. Local. */
  recordPause(input: { readonly cycleId: string; readonly paused: boolean }): Promise<void>;
}
