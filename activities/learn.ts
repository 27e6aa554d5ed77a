import { graphOfCycle } from '../src/domain/learning';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';

/** Phase 7: what the cycle showed, as nodes and edges of the memory graph. */
export function learn(deps: ActivityDeps): Activities['learn'] {
  const { cycles, experiments, failures, hypotheses, interventions, memory, simulations } = deps.stores;
  return async ({ cycleId }) => {
    const cycle = await cycles.get(cycleId);
    await cycles.enterPhase(cycleId, 'learning');
    const [proposed, designed, found, fixes, replays] = await Promise.all([
      hypotheses.list(cycleId),
      experiments.list(cycleId),
      failures.list(cycleId),
      interventions.list(cycleId),
      simulations.list(cycleId),
    ]);
    const runs = await experiments.runs(found.flatMap(({ failedRunIds }) => failedRunIds));
    const { nodes, edges } = graphOfCycle({
      cycle,
      target: deps.targets.get(cycle.request.target).describe,
      hypotheses: proposed,
      experiments: designed,
      runs,
      failures: found,
      interventions: fixes,
      simulations: replays,
      learnedAt: new Date(),
      idOf: (kind: string, key: string) => deps.recordId('memory', kind, key),
    });
    await memory.write(nodes, edges);
  };
}
