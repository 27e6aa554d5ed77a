import type { PlannedStep, PlannedSteps } from '../contract';

/** Steps handed to the workflow at once: enough to keep it busy, few enough for its history. */
const BATCH = 100;

/** The next batch of what has not ended. */
export function plannedSteps<T>(
  open: readonly T[],
  total: number,
  budgetExhausted: boolean,
  toStep: (item: T) => PlannedStep,
): PlannedSteps {
  return { total, budgetExhausted, steps: open.slice(0, BATCH).map(toStep), more: open.length > BATCH };
}
