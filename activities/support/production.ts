import type { ExperimentDesign } from '../../src/domain/experiment';
import type { FailureType } from '../../src/domain/taxonomy';
import { clusterTraceFailures, type TraceFailure } from '../../src/domain/trace-failures';
import type { ActivityDeps } from '../deps';

/** Traces that are looked at, the latest. */
const LOOKED_AT = 2_000;
/** Recorded model calls of one failure that are replayed. */
const CASES = 3;
const OUTPUT_TOKENS = 1_024;

type Deps = Pick<ActivityDeps, 'stores' | 'traces'>;

/** What the latest traces of a target show of failures, the gravest first. */
export async function seenInProduction(
  { stores, traces }: Deps,
  target: string,
): Promise<readonly TraceFailure[]> {
  const since = new Date(Date.now() - traces.bufferMs);
  return clusterTraceFailures(target, await stores.traces.assessments(target, since, LOOKED_AT));
}

/** The model calls of production that showed a failure of this type, as an experiment; undefined when none can be replayed. */
export async function productionExperiment(
  deps: Deps,
  target: string,
  failureType: FailureType,
): Promise<ExperimentDesign | undefined> {
  const failure = (await seenInProduction(deps, target)).find((one) => one.failureType === failureType);
  if (failure === undefined) return undefined;
  const cases = await deps.traces.replayCases(failure, CASES);
  if (cases.length === 0) return undefined;
  return {
    title: `Recorded in production: ${failure.trigger}`,
    failureType,
    cases: cases.map(({ testCase }) => testCase),
    controls: [],
    destructive: false,
    maxOutputTokens: Math.max(...cases.map(({ maxOutputTokens }) => maxOutputTokens ?? OUTPUT_TOKENS)),
  };
}
