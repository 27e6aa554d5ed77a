import type { ExperimentDesign } from '../../domain/experiment';
import { FAILURE_TYPES, type FailureType } from '../../domain/taxonomy';

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

/** All families of an installation, one a failure type. */
export interface ExperimentLibrary {
  readonly families: readonly ExperimentFamily[];
  /** A digest of what they say: other stimuli or oracles, another version. */
  readonly version: string;
}

/** What is wrong with a family file, and where in it. */
export interface FamilyMistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** One family a type, in the order of the taxonomy; of several of a type, the experiments of the earlier come first. */
export function mergeFamilies(families: readonly ExperimentFamily[]): readonly ExperimentFamily[] {
  const merged = new Map<FailureType, ExperimentFamily>();
  for (const family of families) {
    const earlier = merged.get(family.failureType);
    const experiments = [...(earlier?.experiments ?? []), ...family.experiments];
    merged.set(family.failureType, { ...(earlier ?? family), experiments });
  }
  return FAILURE_TYPES.flatMap((type) => merged.get(type) ?? []);
}
