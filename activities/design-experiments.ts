import { DomainError } from '../src/domain/errors';
import type { ExperimentDesign, SimulatedTool, TestCase } from '../src/domain/experiment';
import type { Hypothesis } from '../src/domain/hypothesis';
import { validateDetector } from '../src/domain/detect';
import { rubricsIn } from '../src/domain/detectors/judged-detector';
import { stricterMode } from '../src/domain/mode';
import type { CycleRecord, StoredExperiment } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities, PlannedSteps } from './contract';
import type { ActivityDeps } from './deps';
import { designRegressions } from './design-regressions';
import { experimentAction } from './support/actions';
import { BudgetExhausted } from './support/budget-exhausted';
import { productionExperiment } from './support/production';
import { GroupCommit } from './support/group-commit';
import { withHeartbeat } from './support/heartbeat';
import { mapParallel } from './support/parallel';
import { plannedSteps } from './support/planned-steps';
import { judgedBoundOf, targetPrice } from './support/reckoning';
import { researcherOf, researcherStamp } from './support/researcher';

type NewExperiment = Omit<StoredExperiment, 'state' | 'mode' | 'runsPermitted'>;

/** Phase 2: test cases with oracles for every hypothesis that has none, then the experiments still to be run. */
export function designExperiments(deps: ActivityDeps): Activities['designExperiments'] {
  return async ({ cycleId }): Promise<PlannedSteps> => {
    const { cycles, experiments, hypotheses } = deps.stores;
    const [cycle, proposed, existing] = await Promise.all([
      cycles.get(cycleId),
      hypotheses.list(cycleId),
      experiments.list(cycleId),
    ]);
    const target = deps.targets.get(cycle.request.target);
    const designed = new Set(existing.map(({ hypothesisId }) => hypothesisId));
    const missing = proposed
      .map((hypothesis, ordinal) => ({ hypothesis, ordinal }))
      .filter(({ hypothesis }) => !designed.has(hypothesis.id));
    const added =
      cycle.request.regressions === true
        ? await againstKnown(deps, cycle, missing)
        : await designMissing(deps, cycle, target, missing);
    const all = [...existing, ...added.experiments];
    const open = all.filter(({ state }) => state === 'designed' || state === 'running');
    return plannedSteps(open, all.length, added.budgetExhausted, (experiment) => ({
      subjectId: experiment.id,
      title: `run "${experiment.design.title}" (${experiment.design.failureType})`,
      action: experimentAction(experiment, target.describe),
    }));
  };
}

interface Added {
  readonly experiments: readonly StoredExperiment[];
  readonly budgetExhausted: boolean;
}

async function againstKnown(
  deps: ActivityDeps,
  cycle: CycleRecord,
  missing: readonly { readonly hypothesis: Hypothesis }[],
): Promise<Added> {
  const ids = new Set(missing.map(({ hypothesis }) => hypothesis.id));
  return { experiments: await designRegressions(deps, cycle, ids), budgetExhausted: false };
}

async function designMissing(
  deps: ActivityDeps,
  cycle: CycleRecord,
  target: Target,
  missing: readonly { readonly hypothesis: Hypothesis; readonly ordinal: number }[],
): Promise<Added> {
  if (missing.length === 0) return { experiments: [], budgetExhausted: false };
  const memory = await deps.stores.memory.snapshot(target.describe.name, cycle.id);
  const mode = stricterMode(cycle.startMode, (await deps.stores.mode.current()).mode);
  const price = targetPrice(deps, target, mode);
  const { configuration } = target.describe;
  const made: NewExperiment[] = [];
  const commit = new GroupCommit<readonly NewExperiment[]>(
    (groups) => deps.stores.experiments.saveDesigns(cycle.id, groups.flat(), researcherStamp(deps)),
    missing.length,
  );
  let budgetExhausted = false;
  const designAll = withHeartbeat(async (signal) => {
    const researcher = researcherOf(deps, cycle, signal);
    await mapParallel(missing, deps.settingsFor(mode).maxParallel, async ({ hypothesis, ordinal }) => {
      const count = cycle.request.maxExperiments;
      const input = { hypothesis, ordinal, target: target.describe, count, memory };
      try {
        const recorded = await productionExperiment(deps, target.describe.name, hypothesis.failureType);
        const designed = await researcher.designExperiments(input);
        const designs = [...(recorded === undefined ? [] : [recorded]), ...designed]
          .slice(0, count)
          .filter((design) => isSound(design, deps));
        const records = designs.map((design, position) => ({
          id: deps.recordId('experiment', hypothesis.id, position),
          cycleId: cycle.id,
          hypothesisId: hypothesis.id,
          ordinal: position,
          design,
          runsRequested: cycle.request.runsPerExperiment,
          estimatedCostMicroUsd: estimate(design, cycle.request.runsPerExperiment, (testCase) =>
            judgedBoundOf(deps, mode, testCase, configuration, design.maxOutputTokens, price),
          ),
        }));
        if (records.length > 0) await commit.add(records);
        made.push(...records);
      } catch (error) {
        if (!(error instanceof BudgetExhausted)) throw error;
        budgetExhausted = true;
      }
    });
  });
  try {
    await designAll;
  } finally {
    await commit.drain();
  }
  const fresh = { state: 'designed', mode: null, runsPermitted: null } as const;
  return { experiments: made.map((experiment) => ({ ...experiment, ...fresh })), budgetExhausted };
}

/** Whether every detector and every tool schema of a design can be used; what cannot would leave all runs unassessed. */
function isSound(design: ExperimentDesign, { engines }: ActivityDeps): boolean {
  const cases = [...design.cases, ...design.controls];
  const usable = ({ parameters }: SimulatedTool): boolean => {
    try {
      engines.schemaViolation(parameters, {});
      return true;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  };
  return (
    design.cases.length > 0 &&
    cases.every(
      ({ failsWhen, tools = [], adaptiveTurns = [] }) =>
        [failsWhen, ...adaptiveTurns.flatMap(({ when = [] }) => when)].every(
          (detector) => validateDetector(detector, engines) === undefined,
        ) &&
        adaptiveTurns.every(({ when }) => when === undefined || rubricsIn(when).length === 0) &&
        tools.every(usable),
    )
  );
}

function estimate(design: ExperimentDesign, runs: number, boundOf: (testCase: TestCase) => number): number {
  const bounds = design.cases.map(boundOf);
  return Array.from({ length: runs }, (_, run) => bounds[run % bounds.length] ?? 0).reduce(
    (sum, bound) => sum + bound,
    0,
  );
}
