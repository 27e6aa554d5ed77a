import type { Mode } from './mode';
import type { ScheduleBudget } from './schedule-budget';

/** The phases of a research cycle, in order. */
export const CYCLE_PHASES = [
  'hypothesis_generation',
  'experiment_design',
  'execution',
  'failure_discovery',
  'intervention_design',
  'simulation',
  'learning',
] as const;
export type CyclePhase = (typeof CYCLE_PHASES)[number];

export const CYCLE_STATES = ['running', 'completed', 'budget_exhausted', 'cancelled', 'failed'] as const;
export type CycleState = (typeof CYCLE_STATES)[number];
export type EndedCycleState = Exclude<CycleState, 'running'>;

/** What a user asks for (spec §2); every field has its value here, defaults applied at the edge. */
export interface CycleRequest {
  readonly focus: string | null;
  /** The name of a configured target. */
  readonly target: string;
  /** 1–50. */
  readonly maxHypotheses: number;
  /** Experiments per hypothesis, 1–20. */
  readonly maxExperiments: number;
  /** 1–100. */
  readonly runsPerExperiment: number;
  /** 5–500, or as many as it takes to show a good fix; see `sizeReplay`. */
  readonly replayPairs: number | 'auto';
  /** The most this cycle may spend, or null for no limit of its own. */
  readonly budgetMicroUsd: number | null;
  /**
   * Replays every known failure of the target and looks for nothing else: `focus`, `maxHypotheses`, `maxExperiments` and
   * `replayPairs` play no part, and a failure is replayed at most `runsPerExperiment` times. Absent in every other cycle,
   * so that requests of versions without it keep their hash.
   */
  readonly regressions?: true;
  /** Of a cycle that a schedule started; absent in every other. */
  readonly schedule?: CycleSchedule;
}

/** The schedule that a cycle is of. */
export interface CycleSchedule {
  readonly id: string;
  /** Null: the schedule has no budget of its own. */
  readonly budget: ScheduleBudget | null;
}

export const CYCLE_REQUEST_LIMITS = {
  maxHypotheses: { min: 1, max: 50, default: 5 },
  maxExperiments: { min: 1, max: 20, default: 3 },
  runsPerExperiment: { min: 1, max: 100, default: 5 },
  replayPairs: { min: 5, max: 500, default: 30 },
} as const;

/** What the terminal, the API and the event stream show of a cycle at a moment. */
export interface CycleProgress {
  readonly id: string;
  readonly workflowId: string;
  readonly state: CycleState;
  readonly paused: boolean;
  readonly phase: CyclePhase;
  readonly mode: Mode;
  readonly hypotheses: number;
  readonly experimentsDone: number;
  readonly experimentsTotal: number;
  readonly runsDone: number;
  readonly failures: number;
  readonly interventions: number;
  readonly simulations: number;
  readonly pendingApprovals: number;
  /** Settled by the ledger. */
  readonly spentMicroUsd: number;
  /** Reserved for calls under way. */
  readonly heldMicroUsd: number;
}

/** What starts a cycle; the whole workflow input. Small: it is repeated on every replay. */
export interface CycleInput {
  readonly cycleId: string;
  readonly request: CycleRequest;
  /** Who asked. */
  readonly requestedBy: string;
  /** SHA-256 of the canonical request, for idempotency conflicts. */
  readonly requestHash: string;
}
