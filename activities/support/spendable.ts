import type { CycleRecord } from '../../src/ports/stores';
import type { ActivityDeps } from '../deps';

/** What a cycle may still spend, in micro-dollars; Infinity where it has no limit of its own. */
export async function stillSpendable(
  { stores }: Pick<ActivityDeps, 'stores'>,
  { id, request }: Pick<CycleRecord, 'id' | 'request'>,
): Promise<number> {
  if (request.budgetMicroUsd === null) return Infinity;
  const { spentMicroUsd, heldMicroUsd } = await stores.cycles.progress(id);
  return Math.max(0, request.budgetMicroUsd - spentMicroUsd - heldMicroUsd);
}
