import type { ExperimentDesign } from '../src/domain/experiment';
import { stricterMode } from '../src/domain/mode';
import type { CycleRecord, StoredExperiment } from '../src/ports/stores';
import type { ActivityDeps } from './deps';
import { mapParallel } from './support/parallel';
import { judgedBoundOf, targetPrice } from './support/reckoning';
import {
  knownRegressions,
  regressionDesign,
  regressionHypothesis,
  regressionHypothesisId,
} from './support/regressions';
import { researcherStamp } from './support/researcher';
import { stillSpendable } from './support/spendable';

/** Failures whose designs are read at once. */
const READ_AT_ONCE = 8;

/** Phase 1 of a cycle that replays known failures: one hypothesis each, the gravest first. Says how many. */
export async function proposeRegressions(deps: ActivityDeps, cycle: CycleRecord): Promise<number> {
  const { describe } = deps.targets.get(cycle.request.target);
  const known = await knownRegressions(deps, describe.name, cycle.id);
  const hypotheses = known.map((failure, position) =>
    regressionHypothesis(deps, cycle.id, failure, position),
  );
  await deps.stores.hypotheses.save(cycle.id, hypotheses, researcherStamp(deps));
  return hypotheses.length;
}

/**
 * Phase 2 of such a cycle: an experiment for every hypothesis that has none, all of them saved at once. They share what
 * the cycle may spend. A failure that was found again since then stands for the one that the hypothesis was made for.
 */
export async function designRegressions(
  deps: ActivityDeps,
  cycle: CycleRecord,
  missing: ReadonlySet<string>,
): Promise<readonly StoredExperiment[]> {
  if (missing.size === 0) return [];
  const { describe } = deps.targets.get(cycle.request.target);
  const known = (await knownRegressions(deps, describe.name, cycle.id)).filter((failure) =>
    missing.has(regressionHypothesisId(deps, cycle.id, failure)),
  );
  const boundsOf = await reckoner(deps, cycle);
  const spendable = await stillSpendable(deps, cycle);
  const share = Math.min(boundsOf.costLimitMicroUsd, spendable / Math.max(1, known.length));
  const designed = await mapParallel(known, READ_AT_ONCE, async (failure) => {
    const { runsPerExperiment } = cycle.request;
    const design = await regressionDesign(deps, failure, runsPerExperiment, (cases) =>
      runsWithin(share, boundsOf.cases(cases), runsPerExperiment),
    );
    const runsRequested = design.regression.size.runs;
    const hypothesisId = regressionHypothesisId(deps, cycle.id, failure);
    return {
      id: deps.recordId('experiment', hypothesisId, 0),
      cycleId: cycle.id,
      hypothesisId,
      ordinal: 0,
      design,
      runsRequested,
      estimatedCostMicroUsd: costOf(boundsOf.cases(design), runsRequested),
    };
  });
  await deps.stores.experiments.saveDesigns(cycle.id, designed, researcherStamp(deps));
  return designed.map((one) => ({ ...one, state: 'designed', mode: null, runsPermitted: null }));
}

/** The most that one play of each case can cost, in micro-dollars. */
type BoundsOf = (design: Pick<ExperimentDesign, 'cases' | 'maxOutputTokens'>) => readonly number[];

async function reckoner(
  deps: ActivityDeps,
  cycle: CycleRecord,
): Promise<{ readonly cases: BoundsOf; readonly costLimitMicroUsd: number }> {
  const target = deps.targets.get(cycle.request.target);
  const mode = stricterMode(cycle.startMode, (await deps.stores.mode.current()).mode);
  const price = targetPrice(deps, target, mode);
  const { configuration } = target.describe;
  return {
    costLimitMicroUsd: deps.settingsFor(mode).costLimitMicroUsd,
    cases: ({ cases, maxOutputTokens }) =>
      cases.map((testCase) => judgedBoundOf(deps, mode, testCase, configuration, maxOutputTokens, price)),
  };
}

/** Cases take turns. */
function costOf(bounds: readonly number[], runs: number): number {
  return Array.from({ length: runs }, (_, run) => bounds[run % bounds.length] ?? 0).reduce(
    (sum, bound) => sum + bound,
    0,
  );
}

function runsWithin(limitMicroUsd: number, bounds: readonly number[], most: number): number {
  let runs = most;
  while (runs > 0 && costOf(bounds, runs) > limitMicroUsd) runs -= 1;
  return runs;
}
