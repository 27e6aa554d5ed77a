import type { FailureType } from './taxonomy';

/** A supposition that a target fails in a certain way, as the researcher proposes it. */
export interface HypothesisDraft {
  /** The part of the target that is probed: `chat`, `tools`, `retrieval`, `conversation`, `operations` … */
  readonly targetSurface: string;
  readonly expectedFailure: string;
  readonly failureType: FailureType;
  /** The researcher's belief that the failure exists, 0–1. */
  readonly confidence: number;
  /** 1 is tested first. */
  readonly priority: number;
  readonly rationale: string;
}

export interface Hypothesis extends HypothesisDraft {
  readonly id: string;
}
