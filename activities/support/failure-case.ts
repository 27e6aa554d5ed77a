import type { TargetDescription } from '../../src/domain/target';
import type { StoredFinding } from '../../src/ports/stores';
import type { Explanation, FailureCase } from '../../src/researcher/researcher';
import type { Transcript } from '../../src/domain/experiment';

/** A stored finding as the researcher sees it. */
export function failureCaseOf(
  finding: StoredFinding,
  ordinal: number,
  example: Transcript,
  target: TargetDescription,
): FailureCase {
  const { failureType, trigger, reproducibility } = finding;
  return {
    ordinal,
    failureType,
    trigger,
    failedRuns: reproducibility.count,
    assessedRuns: reproducibility.n,
    example,
    target,
  };
}

export function explanationOf({ description, rootCause, impact, impactReason }: StoredFinding): Explanation {
  return { description, rootCause, impact, impactReason };
}
