import type { GateVerdict } from '../src/domain/approval';
import type { Intervention } from '../src/domain/intervention';
import { judgeReplay, planPairs } from '../src/domain/replay';
import type { RecordedReplay, StoredSimulation } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities, SimulationOutcome } from './contract';
import type { ActivityDeps } from './deps';
import { configurationDigest, simulationAction } from './support/actions';
import { withHeartbeat } from './support/heartbeat';
import { requirePassed } from './support/passed-gate';
import { playAll } from './support/play-all';
import { openSession, recordedPlay } from './support/play-session';
import { laneKey, LanePlanner, pairsOf, replaySources } from './support/replay-lanes';
import type { LaneOutcome, LanePlan } from './support/replay-lanes';

interface ReplayPlan extends LanePlan {
  readonly sourceRunId: string | null;
}

/** Phase 6: both lanes of every pair that is not recorded yet, then the verdict of the paired test. */
export function simulateIntervention(deps: ActivityDeps): Activities['simulateIntervention'] {
  const { cycles, interventions, simulations } = deps.stores;
  return async ({ cycleId, subjectId, gate, timeoutMs }): Promise<SimulationOutcome> => {
    const cycle = await cycles.get(cycleId);
    const target = deps.targets.get(cycle.request.target);
    const intervention = await interventions.get(subjectId);
    const { simulation, recorded } = await simulations.begin(cycleId, subjectId);
    await requirePassed(deps, gate, simulationAction(simulation, intervention, target.describe));
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
    const result = judgeReplay(pairsOf(lanes, false), pairsOf(lanes, true), simulation.plan?.candidates);
    const configuration = configurationDigest(target.describe);
    await simulations.finish(simulation.id, { ...result, configurationDigest: configuration });
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
): Promise<readonly ReplayPlan[]> {
  const { experiment, failingRuns, controls } = await replaySources(deps, cycleId, intervention.failureId);
  const planner = new LanePlanner(deps, experiment, target, gate.mode, intervention.patch);
  const pairs = planPairs({ failingRuns, controls, replayPairs: simulation.pairsRequested });
  return pairs.flatMap((pair) => {
    const { caseIndex } = pair.source;
    const sourceRunId = pair.control ? null : pair.source.id;
    const lanes = planner.lanes('replay', simulation.id, { ...pair, caseIndex });
    return lanes.map((lane) => ({ ...lane, sourceRunId }));
  });
}

function replayOf(plan: ReplayPlan, played: ReturnType<typeof recordedPlay>): RecordedReplay {
  const { id, control, pair, lane, sourceRunId, caseIndex } = plan;
  return { ...played, id, control, pair, lane, sourceRunId, caseIndex };
}
