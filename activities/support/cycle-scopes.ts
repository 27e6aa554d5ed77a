import type { CycleRequest } from '../../src/domain/cycle';
import type { SpendingScope } from '../../src/ports/ledger';

/** The limits that everything in a cycle counts against, beside the global one. */
export function cycleScopes(cycleId: string, request: CycleRequest): readonly SpendingScope[] {
  return request.budgetMicroUsd === null
    ? []
    : [{ scope: `cycle:${cycleId}`, limitMicroUsd: request.budgetMicroUsd, warnThreshold: 'global' }];
}
