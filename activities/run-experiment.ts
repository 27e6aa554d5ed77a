import type { GateVerdict } from '../src/domain/approval';
import { earlyStop, nextLook } from '../src/domain/early-stop';
import type { EarlyStop } from '../src/domain/early-stop';
import { DomainError } from '../src/domain/errors';
import type { ExperimentDesign, RunOutcome } from '../src/domain/experiment';
import { runsPermitted } from '../src/domain/mode';
import { regressionOf, regressionStop } from '../src/domain/regression';
import type { StoredExperiment } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities, ExperimentOutcome, StepInput } from './contract';
import type { ActivityDeps } from './deps';
import { experimentAction } from './support/actions';
import { withHeartbeat } from './support/heartbeat';
import { requirePassed } from './support/passed-gate';
import type { Play } from './support/play';
import { playAll } from './support/play-all';
import type { PlayOutcome } from './support/play-all';
import { openSession, recordedPlay } from './support/play-session';
import { boundOf, targetPrice } from './support/reckoning';

interface RunPlan extends Play {
  readonly id: string;
  readonly ordinal: number;
  readonly caseIndex: number;
}

type PlayRuns = (plans: readonly RunPlan[]) => Promise<{ readonly budgetExhausted: boolean }>;

/**
 * Phase 3: plays the runs of one experiment that are not recorded yet, each recorded with its bill as it ends; all of
 * them, or until what the experiment asks is settled.
 */
export function runExperiment(deps: ActivityDeps): Activities['runExperiment'] {
  const { experiments, cycles } = deps.stores;
  return async ({ cycleId, subjectId, gate, timeoutMs }: StepInput): Promise<ExperimentOutcome> => {
    const [cycle, stored] = await Promise.all([cycles.get(cycleId), experiments.get(subjectId)]);
    const target = deps.targets.get(cycle.request.target);
    await requirePassed(deps, gate, experimentAction(stored, target.describe));
    const permitted = runsPermitted(gate.mode, stored.runsRequested);
    const { experiment, recorded } = await experiments.begin(subjectId, gate.mode, permitted);
    const outcomes = new Map(recorded.map(({ ordinal, outcome }) => [ordinal, outcome]));
    const runs = planRuns(deps, experiment, target, gate);
    const record = async (ended: readonly PlayOutcome<RunPlan>[]): Promise<void> => {
      const settlements = ended.flatMap(({ played }) => played.settlements);
      await experiments.recordRuns(subjectId, cycleId, ended.map(recordedRun), settlements);
      for (const { plan, played } of ended) outcomes.set(plan.ordinal, played.verdict.outcome);
    };
    const { stopped, budgetExhausted } = await withHeartbeat((signal) => {
      const session = openSession(deps, cycle, target, gate, {
        signal,
        deadlineMs: Date.now() + timeoutMs,
        stepScope: `experiment:${subjectId}`,
      });
      const { maxParallel } = deps.settingsFor(gate.mode);
      return playUntilSettled(experiment, runs, outcomes, (plans) =>
        playAll(plans, session, maxParallel, record),
      );
    });
    return { ...(await experiments.finish(subjectId, stopped)), budgetExhausted };
  };
}

/**
 * Plays from look to look what is missing. Runs are looked at in their order once all before the look have ended, and
 * nothing beyond it is begun: whatever order they arrive in, and wherever a crash comes in between, the same runs are
 * played and the same is concluded.
 */
async function playUntilSettled(
  { design }: StoredExperiment,
  runs: readonly RunPlan[],
  outcomes: ReadonlyMap<number, RunOutcome>,
  playRuns: PlayRuns,
): Promise<{ readonly stopped: EarlyStop | null; readonly budgetExhausted: boolean }> {
  let budgetExhausted = false;
  for (let ended = 0; ended < runs.length;) {
    const look = Math.min(nextLook(ended), runs.length);
    const missing = runs.slice(ended, look).filter(({ ordinal }) => !outcomes.has(ordinal));
    if (missing.length > 0) budgetExhausted = (await playRuns(missing)).budgetExhausted || budgetExhausted;
    const inOrder = runs.slice(0, look).map(({ ordinal }) => outcomes.get(ordinal) ?? 'unassessed');
    const stopped = look < runs.length ? stopAfter(design, inOrder) : null;
    if (stopped !== null) return { stopped, budgetExhausted };
    ended = look;
  }
  return { stopped: null, budgetExhausted };
}

function stopAfter(design: ExperimentDesign, inOrder: readonly RunOutcome[]): EarlyStop | null {
  const known = regressionOf(design);
  return known === undefined
    ? earlyStop(design.cases, inOrder)
    : regressionStop(design.cases, known, inOrder);
}

function recordedRun({ plan, played }: PlayOutcome<RunPlan>) {
  const { id, ordinal, caseIndex } = plan;
  return { ...recordedPlay(plan, played), id, ordinal, caseIndex };
}

function planRuns(
  deps: ActivityDeps,
  experiment: StoredExperiment,
  target: Target,
  gate: GateVerdict,
): readonly RunPlan[] {
  const { design } = experiment;
  const price = targetPrice(deps, target, gate.mode);
  const { configuration } = target.describe;
  const count = experiment.runsPermitted ?? runsPermitted(gate.mode, experiment.runsRequested);
  return Array.from({ length: count }, (_, ordinal) => {
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
