export const SIMULATION_VERDICTS = [
  'improved',
  'no_change',
  'degraded',
  'side_effect',
  'inconclusive',
] as const;
export type SimulationVerdict = (typeof SIMULATION_VERDICTS)[number];

export const REPLAY_LANES = ['baseline', 'candidate'] as const;
export type ReplayLane = (typeof REPLAY_LANES)[number];

/** What a counterfactual replay showed. */
export interface SimulationResult {
  readonly verdict: SimulationVerdict;
  readonly reason: string;
  readonly failing: PairedComparison;
  readonly controls: PairedComparison;
  /** Changes planned against the same failure, this one among them. */
  readonly candidates: number;
  /** The two-sided level at which this one had to be shown to be an improvement. */
  readonly level: number;
  /** SHA-256 of the target's model and configuration that it was replayed on; the verdict holds for these. */
  readonly configurationDigest?: string;
}

/** A paired comparison: rates of failure in both lanes, the exact p-value and the effect with its interval. */
export interface PairedComparison {
  /** Assessed pairs. */
  readonly pairs: number;
  /** Pairs in which a lane could not be assessed. */
  readonly unassessedPairs: number;
  readonly baselineFailed: number;
  readonly candidateFailed: number;
  /** Baseline failed, candidate held. */
  readonly fixed: number;
  /** Baseline held, candidate failed. */
  readonly broken: number;
  /** Two-sided exact McNemar. 1 without discordant pairs. */
  readonly pValue: number;
  /** Baseline failure rate less candidate failure rate; null without pairs. */
  readonly effect: number | null;
  /** Newcombe's method 10, 95 %. */
  readonly effectLow: number | null;
  readonly effectHigh: number | null;
}
