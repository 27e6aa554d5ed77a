import { loadLibrary } from '../../src/config/families';
import { createDetectionEngines } from '../../src/detection/engines';
import type { FailureType } from '../../src/domain/taxonomy';
import type { ExperimentFamily } from '../../src/researcher/library';

/** The experiment families as they are shipped. */
export const LIBRARY = loadLibrary(createDetectionEngines());

export function familyOf(failureType: FailureType): ExperimentFamily {
  const family = LIBRARY.families.find((one) => one.failureType === failureType);
  if (family === undefined) throw new Error(`there is no family for ${failureType}`);
  return family;
}
