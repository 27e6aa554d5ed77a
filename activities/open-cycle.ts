import type { Activities, CyclePlan } from './contract';
import type { ActivityDeps } from './deps';
import { researcherStamp } from './support/researcher';

/** Makes sure that the cycle has its row, and reads once what holds for the whole cycle. */
export function openCycle(deps: ActivityDeps): Activities['openCycle'] {
  return async (input): Promise<CyclePlan> => {
    deps.targets.get(input.request.target);
    const cycle = await deps.stores.cycles.open({ ...input, ...researcherStamp(deps) });
    const settings = deps.settingsFor(cycle.startMode);
    return {
      startMode: cycle.startMode,
      offline: deps.llm === undefined,
      maxParallelExperiments: settings.maxParallel,
      executionTimeoutMs: settings.executionTimeoutMs,
    };
  };
}
