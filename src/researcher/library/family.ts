import type { ExperimentDesign } from '../../domain/experiment';
import type { FailureType } from '../../domain/taxonomy';

/** One way to provoke a failure, with controls that a healthy target passes. */
export type FamilyExperiment = Pick<ExperimentDesign, 'title' | 'cases' | 'controls' | 'maxOutputTokens'>;

/** What the offline researcher knows of one failure type: how it is expected and the experiments that look for it. */
export interface ExperimentFamily {
  readonly failureType: FailureType;
  readonly targetSurface: string;
  readonly expectedFailure: string;
  /** Different stimuli, the plainest first. */
  readonly experiments: readonly FamilyExperiment[];
}
