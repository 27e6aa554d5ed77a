import { DEPLOYMENT_FAMILIES } from './deployment';
import type { ExperimentFamily } from './family';
import { FEEDBACK_LOOP_FAMILIES } from './feedback-loop';
import { LONG_CONTEXT_FAMILIES } from './long-context';
import { REASONING_FAMILIES } from './reasoning';
import { TOOL_USE_FAMILIES } from './tool-use';
import type { FailureType } from '../../domain/taxonomy';

export type { ExperimentFamily, FamilyExperiment } from './family';

/** Every family, one a failure type; types without one cannot be probed by a conversation alone. */
export const EXPERIMENT_FAMILIES: readonly ExperimentFamily[] = [
  ...REASONING_FAMILIES,
  ...LONG_CONTEXT_FAMILIES,
  ...TOOL_USE_FAMILIES,
  ...FEEDBACK_LOOP_FAMILIES,
  ...DEPLOYMENT_FAMILIES,
];

export function familyOf(failureType: FailureType): ExperimentFamily | undefined {
  return EXPERIMENT_FAMILIES.find((family) => family.failureType === failureType);
}
