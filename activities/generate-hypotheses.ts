import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { proposeRegressions } from './design-regressions';
import { seenInProduction } from './support/production';
import { BudgetExhausted } from './support/budget-exhausted';
import { researcherOf, researcherStamp } from './support/researcher';
import { withHeartbeat } from './support/heartbeat';

/** Phase 1: hypotheses from focus, target, taxonomy and memory. */
export function generateHypotheses(deps: ActivityDeps): Activities['generateHypotheses'] {
  const { cycles, hypotheses, memory } = deps.stores;
  return async ({ cycleId }) => {
    const existing = await hypotheses.list(cycleId);
    if (existing.length > 0) return { hypotheses: existing.length, budgetExhausted: false };
    const cycle = await cycles.get(cycleId);
    if (cycle.request.regressions === true) {
      return { hypotheses: await proposeRegressions(deps, cycle), budgetExhausted: false };
    }
    const target = deps.targets.get(cycle.request.target).describe;
    const snapshot = {
      ...(await memory.snapshot(target.name, cycleId)),
      traceFailures: await seenInProduction(deps, target.name),
    };
    try {
      const drafts = await withHeartbeat((signal) =>
        researcherOf(deps, cycle, signal).proposeHypotheses({
          focus: cycle.request.focus,
          target,
          memory: snapshot,
          count: cycle.request.maxHypotheses,
        }),
      );
      const chosen = drafts
        .slice(0, cycle.request.maxHypotheses)
        .map((draft, index) => ({ ...draft, id: deps.recordId('hypothesis', cycleId, index) }));
      await hypotheses.save(cycleId, chosen, researcherStamp(deps));
      return { hypotheses: chosen.length, budgetExhausted: false };
    } catch (error) {
      if (error instanceof BudgetExhausted) return { hypotheses: 0, budgetExhausted: true };
      throw error;
    }
  };
}
