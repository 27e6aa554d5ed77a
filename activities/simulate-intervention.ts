import type { GateVerdict } from '../src/domain/approval';
import { DomainError } from '../src/domain/errors';
import type { RunOutcome, TestCase } from '../src/domain/experiment';
import { applyPatch } from '../src/domain/intervention';
import type { Intervention } from '../src/domain/intervention';
import { controlCases, judgeReplay, planPairs } from '../src/domain/replay';
import type { ReplayedPair } from '../src/domain/replay';
import { REPLAY_LANES } from '../src/domain/simulation';
import type { ReplayLane } from '../src/domain/simulation';
import type { RecordedReplay, StoredExperiment, StoredSimulation } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities, SimulationOutcome } from './contract';
import type { ActivityDeps } from './deps';
import { simulationAction } from './support/actions';
import { withHeartbeat } from './support/heartbeat';
import { requirePassed } from './support/passed-gate';
import type { Play } from './support/play';
import { playAll } from './support/play-all';
import { openSession, recordedPlay } from './support/play-session';
import { boundOf, targetPrice } from './support/reckoning';

/** One lane of one pair: the same stimulus and seed, with and without the intervention. */
interface LanePlan extends Play {
  readonly id: string;
  readonly control: boolean;
  readonly pair: number;
  readonly lane: ReplayLane;
  readonly sourceRunId: string | null;
  readonly caseIndex: number;
}

/** What a lane showed; enough to judge the pair. */
type LaneOutcome = Pick<RecordedReplay, 'control' | 'pair' | 'lane' | 'outcome'>;

/** Phase 6: both lanes of every pair that is not recorded yet, then the verdict of the paired test. */
export function simulateIntervention(deps: ActivityDeps): Activities['simulateIntervention'] {
  const { cycles, interventions, simulations } = deps.stores;
  return async ({ cycleId, subjectId, gate, timeoutMs }): Promise<SimulationOutcome> => {
    const cycle = await cycles.get(cycleId);
    const target = deps.targets.get(cycle.request.target);
    const intervention = await interventions.get(subjectId);
    const { simulation, recorded } = await simulations.begin(cycleId, subjectId);
    requirePassed(deps, gate, simulationAction(simulation, intervention, target.describe));
    if (simulation.result !== null) return { verdict: simulation.result.verdict, budgetExhausted: false };
    const planned = await planLanes(deps, cycleId, simulation, intervention, target, gate);
    const done = new Set(recorded.map(laneKey));
    const lanes: LaneOutcome[] = [...recorded];
    const { budgetExhausted } = await withHeartbeat((signal) => {
      const session = openSession(deps, cycle, target, gate, {
        signal,
        deadlineMs: Date.now() + timeoutMs,
        stepScope: `simulation:${simulation.id}`,
      });
      const missing = planned.filter((lane) => !done.has(laneKey(lane)));
      return playAll(missing, session, deps.settingsFor(gate.mode).maxParallel, async (outcomes) => {
        const replays = outcomes.map(({ plan, played }) => replayOf(plan, recordedPlay(plan, played)));
        const settlements = outcomes.flatMap(({ played }) => played.settlements);
        await simulations.recordReplays(simulation.id, replays, settlements);
        lanes.push(...replays);
      });
    });
    const result = judgeReplay(pairsOf(lanes, false), pairsOf(lanes, true));
    await simulations.finish(simulation.id, result);
    return { verdict: result.verdict, budgetExhausted };
  };
}

async function planLanes(
  deps: ActivityDeps,
  cycleId: string,
  simulation: StoredSimulation,
  intervention: Intervention,
  target: Target,
  gate: GateVerdict,
): Promise<readonly LanePlan[]> {
  const { experiments, failures } = deps.stores;
  const finding = (await failures.list(cycleId)).find(({ id }) => id === intervention.failureId);
  if (finding === undefined)
    throw new DomainError('not_found', `no failure ${intervention.failureId} in the cycle`);
  const experiment = await experiments.get(finding.experimentId);
  const ordinals = Array.from({ length: experiment.runsPermitted ?? 0 }, (_, ordinal) => ordinal);
  const runs = await experiments.runs(
    ordinals.map((ordinal) => deps.recordId('run', experiment.id, ordinal)),
  );
  const failedIds = new Set(finding.failedRunIds);
  const stimuli = stimuliOf(experiment);
  const pairs = planPairs({
    failingRuns: runs.filter(({ id }) => failedIds.has(id)),
    controls: controlCases([experiment], runs),
    replayPairs: simulation.pairsRequested,
  });
  const price = targetPrice(deps, target, gate.mode);
  const baseline = target.describe.configuration;
  const configurations = { baseline, candidate: applyPatch(baseline, intervention.patch) };
  const { maxOutputTokens } = experiment.design;
  return pairs.flatMap((pair) =>
    REPLAY_LANES.map((lane): LanePlan => {
      const id = deps.recordId(
        'replay',
        simulation.id,
        pair.control ? 'control' : 'failing',
        pair.pair,
        lane,
      );
      const { caseIndex } = pair.source;
      const testCase = caseAt(stimuli, caseIndex);
      const configuration = configurations[lane];
      return {
        id,
        operation: `replay/${id}`,
        control: pair.control,
        pair: pair.pair,
        lane,
        sourceRunId: pair.control ? null : pair.source.id,
        caseIndex,
        testCase,
        configuration,
        maxOutputTokens,
        seed: pair.seed,
        boundMicroUsd: boundOf(testCase, configuration, maxOutputTokens, price),
      };
    }),
  );
}

/** Cases and controls in one list, as `caseIndex` of a replay counts them. */
function stimuliOf({ design }: StoredExperiment): readonly TestCase[] {
  return [...design.cases, ...design.controls];
}

function caseAt(stimuli: readonly TestCase[], caseIndex: number): TestCase {
  const testCase = stimuli[caseIndex];
  if (testCase === undefined)
    throw new DomainError('invalid_experiment', `there is no test case ${caseIndex}`);
  return testCase;
}

function replayOf(plan: LanePlan, played: ReturnType<typeof recordedPlay>): RecordedReplay {
  const { id, control, pair, lane, sourceRunId, caseIndex } = plan;
  return { ...played, id, control, pair, lane, sourceRunId, caseIndex };
}

function laneKey({ control, pair, lane }: Pick<LaneOutcome, 'control' | 'pair' | 'lane'>): string {
  return `${control}/${pair}/${lane}`;
}

/** The pairs of which both lanes are recorded. */
function pairsOf(lanes: readonly LaneOutcome[], control: boolean): readonly ReplayedPair[] {
  const byPair = new Map<number, Partial<Record<ReplayLane, RunOutcome>>>();
  for (const lane of lanes) {
    if (lane.control !== control) continue;
    byPair.set(lane.pair, { ...byPair.get(lane.pair), [lane.lane]: lane.outcome });
  }
  return [...byPair.values()].flatMap(({ baseline, candidate }) =>
    baseline === undefined || candidate === undefined ? [] : [{ baseline, candidate }],
  );
}
