import { CYCLE_REQUEST_LIMITS } from '../../src/domain/cycle';
import type { Intervention } from '../../src/domain/intervention';
import type { Mode } from '../../src/domain/mode';
import { controlPairs } from '../../src/domain/replay';
import { sizeReplay } from '../../src/domain/replay-size';
import type { CycleRecord, StoredExperiment, StoredFinding, StoredSimulation } from '../../src/ports/stores';
import type { Target } from '../../src/ports/target';
import type { ActivityDeps } from '../deps';
import { judgedBoundOf, targetPrice } from './reckoning';
import type { JudgePriceDeps } from './reckoning';

/** A replay before it begins. */
export type PlannedSimulation = Omit<StoredSimulation, 'state' | 'result'>;

interface PlanningDeps extends JudgePriceDeps, Pick<ActivityDeps, 'recordId'> {
  readonly settingsFor: (mode: Mode) => { readonly costLimitMicroUsd: number };
}

/** What the replays of a cycle are planned from. */
export interface SimulationSources {
  readonly cycle: Pick<CycleRecord, 'id' | 'request' | 'startMode'>;
  readonly target: Pick<Target, 'describe'>;
  readonly found: readonly Pick<StoredFinding, 'id' | 'experimentId' | 'reproducibility'>[];
  readonly designed: readonly Pick<StoredExperiment, 'id' | 'design'>[];
  /** What the cycle may still spend; Infinity where it has no limit of its own. */
  readonly spendableMicroUsd: number;
}

/**
 * One replay for every intervention that can be applied. Those against the same failure share its error budget, and all
 * of them what the cycle may still spend.
 */
export function planSimulations(
  deps: PlanningDeps,
  sources: SimulationSources,
  interventions: readonly Pick<Intervention, 'id' | 'failureId' | 'patch'>[],
): readonly PlannedSimulation[] {
  const applicable = interventions.filter(({ patch }) => patch.type !== 'architectural_recommendation');
  const { cycle, found } = sources;
  const { costLimitMicroUsd } = deps.settingsFor(cycle.startMode);
  const share = Math.min(costLimitMicroUsd, sources.spendableMicroUsd / Math.max(1, applicable.length));
  return applicable.flatMap(({ id, failureId }) => {
    const finding = found.find((one) => one.id === failureId);
    if (finding === undefined) return [];
    const costOf = replayCost(deps, sources, finding);
    const plan = sizeReplay({
      requested: cycle.request.replayPairs,
      observed: finding.reproducibility,
      candidates: applicable.filter((other) => other.failureId === failureId).length,
      affordable: mostWithin(share, costOf),
    });
    return [
      {
        id: deps.recordId('simulation', cycle.id, id),
        cycleId: cycle.id,
        interventionId: id,
        pairsRequested: plan.pairs,
        plan,
        estimatedCostMicroUsd: costOf(plan.pairs),
      },
    ];
  });
}

/** The most that both lanes of so many pairs, failing and controls, can cost: at the dearest case of the experiment. */
function replayCost(
  deps: PlanningDeps,
  { cycle, target, designed }: SimulationSources,
  { experimentId }: SimulationSources['found'][number],
): (pairs: number) => number {
  const experiment = designed.find(({ id }) => id === experimentId);
  if (experiment === undefined) return () => 0;
  const { cases, controls, maxOutputTokens } = experiment.design;
  const price = targetPrice(deps, target, cycle.startMode);
  const dearest = (of: typeof cases): number =>
    Math.max(
      0,
      ...of.map((testCase) =>
        judgedBoundOf(deps, cycle.startMode, testCase, target.describe.configuration, maxOutputTokens, price),
      ),
    );
  const [failing, guarding] = [dearest(cases), dearest([...controls, ...cases])];
  return (pairs) => 2 * (pairs * failing + controlPairs(pairs) * guarding);
}

/** The most pairs, of those that a request may ask for, whose cost is within the limit; 0 when there are none. */
function mostWithin(limitMicroUsd: number, costOf: (pairs: number) => number): number {
  let pairs = CYCLE_REQUEST_LIMITS.replayPairs.max;
  while (pairs > 0 && costOf(pairs) > limitMicroUsd) pairs -= 1;
  return pairs;
}
