import type { GateVerdict } from '../src/domain/approval';
import { DomainError } from '../src/domain/errors';
import { runsPermitted } from '../src/domain/mode';
import type { StoredExperiment } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities, ExperimentOutcome, StepInput } from './contract';
import type { ActivityDeps } from './deps';
import { experimentAction } from './support/actions';
import { withHeartbeat } from './support/heartbeat';
import { requirePassed } from './support/passed-gate';
import type { Play } from './support/play';
import { playAll } from './support/play-all';
import { openSession, recordedPlay } from './support/play-session';
import { boundOf, targetPrice } from './support/reckoning';

interface RunPlan extends Play {
  readonly id: string;
  readonly ordinal: number;
  readonly caseIndex: number;
}

/** Phase 3: plays the runs of one experiment that are not recorded yet, each recorded with its bill as it ends. */
export function runExperiment(deps: ActivityDeps): Activities['runExperiment'] {
  return async ({ cycleId, subjectId, gate, timeoutMs }: StepInput): Promise<ExperimentOutcome> => {
    const { experiments, cycles } = deps.stores;
    const [cycle, stored] = await Promise.all([cycles.get(cycleId), experiments.get(subjectId)]);
    const target = deps.targets.get(cycle.request.target);
    await requirePassed(deps, gate, experimentAction(stored, target.describe));
    const permitted = runsPermitted(gate.mode, stored.runsRequested);
    const { experiment, recorded } = await experiments.begin(subjectId, gate.mode, permitted);
    const plans = missingRuns(deps, experiment, target, gate, recorded);
    const { budgetExhausted } = await withHeartbeat((signal) => {
      const session = openSession(deps, cycle, target, gate, {
        signal,
        deadlineMs: Date.now() + timeoutMs,
        stepScope: `experiment:${subjectId}`,
      });
      return playAll(plans, session, deps.settingsFor(gate.mode).maxParallel, (outcomes) =>
        experiments.recordRuns(
          subjectId,
          cycleId,
          outcomes.map(({ plan, played }) => ({
            ...recordedPlay(plan, played),
            id: plan.id,
            ordinal: plan.ordinal,
            caseIndex: plan.caseIndex,
          })),
          outcomes.flatMap(({ played }) => played.settlements),
        ),
      );
    });
    return { ...(await experiments.finish(subjectId)), budgetExhausted };
  };
}

function missingRuns(
  deps: ActivityDeps,
  experiment: StoredExperiment,
  target: Target,
  gate: GateVerdict,
  recorded: readonly number[],
): RunPlan[] {
  const { design } = experiment;
  const price = targetPrice(deps, target, gate.mode);
  const { configuration } = target.describe;
  const done = new Set(recorded);
  const count = experiment.runsPermitted ?? runsPermitted(gate.mode, experiment.runsRequested);
  const ordinals = Array.from({ length: count }, (_, ordinal) => ordinal).filter(
    (ordinal) => !done.has(ordinal),
  );
  return ordinals.map((ordinal) => {
    const caseIndex = ordinal % design.cases.length;
    const testCase = design.cases[caseIndex];
    if (testCase === undefined)
      throw new DomainError('invalid_experiment', `experiment ${experiment.id} has no case`);
    const id = deps.recordId('run', experiment.id, ordinal);
    return {
      id,
      ordinal,
      caseIndex,
      operation: `run/${id}`,
      testCase,
      configuration,
      maxOutputTokens: design.maxOutputTokens,
      seed: ordinal,
      boundMicroUsd: boundOf(testCase, configuration, design.maxOutputTokens, price),
    };
  });
}
