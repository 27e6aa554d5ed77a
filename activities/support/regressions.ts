import { DomainError } from '../../src/domain/errors';
import type { ExperimentDesign, TestCase } from '../../src/domain/experiment';
import type { FailureState } from '../../src/domain/failure';
import type { Hypothesis } from '../../src/domain/hypothesis';
import { sizeRegression } from '../../src/domain/regression';
import type { RegressionDesign } from '../../src/domain/regression';
import { severityRank } from '../../src/domain/severity';
import { normaliseTrigger } from '../../src/domain/trigger-signature';
import type { FailingCase, StoredExperiment, StoredFinding } from '../../src/ports/stores';
import type { ActivityDeps } from '../deps';

/** A failure to be replayed, with what it was recorded with. */
export interface KnownRegression extends StoredFinding {
  readonly failingCases: readonly FailingCase[];
  readonly state: FailureState;
}

type Deps = Pick<ActivityDeps, 'stores' | 'recordId'>;

/** The latest failure of each signature on a target, from cycles other than `exceptCycleId`; the gravest first. */
export async function knownRegressions(
  { stores }: Pick<Deps, 'stores'>,
  target: string,
  exceptCycleId: string,
): Promise<readonly KnownRegression[]> {
  const known = await stores.failures.known(target, exceptCycleId);
  const states = new Map(known.map(({ failureId, state }) => [failureId, state]));
  const recorded = await stores.failures.recorded([...states.keys()]);
  return recorded
    .map((finding): KnownRegression => ({ ...finding, state: states.get(finding.id) ?? 'open' }))
    .toSorted(
      (a, b) =>
        severityRank(b.severity) - severityRank(a.severity) ||
        (a.triggerSignature < b.triggerSignature ? -1 : 1),
    );
}

/** What replaying a failure supposes; its id follows from the signature, by which the design finds the failure again. */
export function regressionHypothesis(
  deps: Pick<Deps, 'recordId'>,
  cycleId: string,
  failure: KnownRegression,
  position: number,
): Hypothesis {
  const { count, n } = failure.reproducibility;
  return {
    id: regressionHypothesisId(deps, cycleId, failure),
    targetSurface: 'known failures',
    expectedFailure: failure.trigger,
    failureType: failure.failureType,
    confidence: (count + 1) / (n + 2),
    priority: position + 1,
    rationale: `failed in ${count} of ${n} runs when it was last found; now ${failure.state.replaceAll('_', ' ')}`,
  };
}

export function regressionHypothesisId(
  { recordId }: Pick<Deps, 'recordId'>,
  cycleId: string,
  { triggerSignature }: Pick<StoredFinding, 'triggerSignature'>,
): string {
  return recordId('hypothesis', cycleId, triggerSignature);
}

/** How many runs there is money for. */
type Affordable = (design: Pick<ExperimentDesign, 'cases' | 'maxOutputTokens'>) => number;

/**
 * The cases that showed a failure, of whatever experiments of its cycle, as one experiment.
 * @throws {DomainError} `not_found` when none of its cases is recorded.
 */
export async function regressionDesign(
  { stores }: Pick<Deps, 'stores'>,
  failure: KnownRegression,
  requested: number,
  affordable: Affordable,
): Promise<RegressionDesign> {
  const ids = [...new Set(failure.failingCases.map(({ experimentId }) => experimentId))];
  const sources = await Promise.all(ids.map((id) => stores.experiments.get(id)));
  const cases = failingCases(failure, sources);
  const maxOutputTokens = Math.max(...sources.map(({ design }) => design.maxOutputTokens));
  const { id, triggerSignature, trigger, severity, state, reproducibility } = failure;
  return {
    title: `Known failure: ${trigger}`,
    failureType: failure.failureType,
    cases,
    controls: sources.flatMap(({ design }) => design.controls),
    destructive: sources.some(({ design }) => design.destructive),
    maxOutputTokens,
    regression: {
      failureId: id,
      triggerSignature,
      trigger,
      severity,
      was: state,
      recorded: reproducibility,
      size: sizeRegression({
        recorded: reproducibility,
        cases: cases.length,
        requested,
        affordable: affordable({ cases, maxOutputTokens }),
      }),
    },
  };
}

function failingCases(failure: KnownRegression, sources: readonly StoredExperiment[]): readonly TestCase[] {
  const trigger = normaliseTrigger(failure.trigger);
  const cases = failure.failingCases.flatMap(({ experimentId, caseIndex }) => {
    const testCase = sources.find(({ id }) => id === experimentId)?.design.cases[caseIndex];
    return testCase === undefined || normaliseTrigger(testCase.trigger) !== trigger ? [] : [testCase];
  });
  if (cases.length === 0)
    throw new DomainError('not_found', `no test case of failure ${failure.id} is recorded`);
  return cases;
}
