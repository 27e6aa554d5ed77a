import { DomainError } from '../../src/domain/errors';
import type { TestCase } from '../../src/domain/experiment';
import type { StoredExperiment, StoredFinding } from '../../src/ports/stores';
import type { ActivityDeps } from '../deps';

/** The test case that showed a failure most reliably. */
export interface FailingStimulus {
  readonly finding: StoredFinding;
  readonly experiment: StoredExperiment;
  /** Into the cases of the design. */
  readonly caseIndex: number;
  readonly testCase: TestCase;
  /** Failed and assessed runs of the case. */
  readonly observed: { readonly count: number; readonly n: number };
}

/**
 * Of the cases of the failure's own experiment, the one with the highest failure rate; of equals the first.
 * @throws {DomainError} `not_found` for a failure that is not of the cycle.
 */
export async function stimulusOf(
  { stores, recordId }: Pick<ActivityDeps, 'stores' | 'recordId'>,
  cycleId: string,
  failureId: string,
): Promise<FailingStimulus> {
  const finding = (await stores.failures.list(cycleId)).find(({ id }) => id === failureId);
  if (finding === undefined) throw new DomainError('not_found', `no failure ${failureId} in the cycle`);
  const experiment = await stores.experiments.get(finding.experimentId);
  const ids = Array.from({ length: experiment.runsPermitted ?? 0 }, (_, ordinal) =>
    recordId('run', experiment.id, ordinal),
  );
  const runs = (await stores.experiments.runs(ids)).filter(({ outcome }) => outcome !== 'unassessed');
  const failedIds = new Set(finding.failedRunIds);
  const [best] = experiment.design.cases
    .map((testCase, caseIndex) => {
      const ofCase = runs.filter((run) => run.caseIndex === caseIndex);
      const count = ofCase.filter(({ id }) => failedIds.has(id)).length;
      return { testCase, caseIndex, observed: { count, n: ofCase.length } };
    })
    .filter(({ observed }) => observed.count > 0)
    .toSorted((a, b) => b.observed.count / b.observed.n - a.observed.count / a.observed.n);
  if (best === undefined) throw new DomainError('not_found', `no run shows failure ${failureId}`);
  return { finding, experiment, ...best };
}
