import type { CycleRequest } from '../../src/domain/cycle';
import { scheduleScope } from '../../src/domain/schedule-budget';
import type { SpendingScope } from '../../src/ports/ledger';

/** The limits that everything in a cycle counts against, beside the global one. */
export function cycleScopes(cycleId: string, request: CycleRequest): readonly SpendingScope[] {
  const { budgetMicroUsd, schedule } = request;
  const scopes: SpendingScope[] = [];
  if (schedule?.budget)
    scopes.push({ ...scheduleScope(schedule.id, schedule.budget), warnThreshold: 'global' });
  if (budgetMicroUsd !== null) {
    scopes.push({ scope: `cycle:${cycleId}`, limitMicroUsd: budgetMicroUsd, warnThreshold: 'global' });
  }
  return scopes;
}
