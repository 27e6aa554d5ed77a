import { sealedAuditLog } from '../support/audit-verification';
import type { Stack } from '../support/stack';
import type { Counted } from './counting-target';
import {
  cycleFacts,
  ledgerSums,
  memorySize,
  recordedPlays,
  wrongPeriods,
  type CycleFacts,
} from './cycle-facts';

type MemorySize = Awaited<ReturnType<typeof memorySize>>;

/** What a cycle leaves behind that nothing has disturbed. */
export interface Undisturbed {
  readonly facts: CycleFacts;
  /** By how much it makes the memory graph larger. */
  readonly memory: MemorySize;
}

export interface DisturbedCycle {
  readonly id: string;
  /** What the target counted for it. */
  readonly counted: Counted;
  readonly kills: number;
  readonly memoryBefore: MemorySize;
}

/** Steps at once × rounds (three reserved and not begun, three begun and not written) of so many plays at once. */
const openReservationsAtMost = (maxParallel: number): number => maxParallel * 6 * maxParallel;

/** Everything in which a cycle is not as one that nothing has disturbed, in words; empty when all is well. */
export async function deviations(
  stack: Stack,
  cycle: DisturbedCycle,
  undisturbed: Undisturbed,
  maxParallel: number,
): Promise<readonly string[]> {
  const { memoryBefore } = cycle;
  const { nodes, edges } = await memorySize(stack);
  const memory = { nodes: nodes - memoryBefore.nodes, edges: edges - memoryBefore.edges };
  const chain = await sealedAuditLog(stack);
  return [
    ...difference(await cycleFacts(stack, cycle.id), undisturbed.facts),
    ...unlike('memory', memory, undisturbed.memory),
    ...(await wrongCalls(stack, cycle)),
    ...(await wrongMoney(stack, cycle, maxParallel)),
    ...(chain.ok && chain.unsealed.count === 0 ? [] : [`audit chain: ${JSON.stringify(chain)}`]),
  ];
}

function difference(actual: CycleFacts, expected: CycleFacts): readonly string[] {
  const counts = new Map<string, number>();
  for (const fact of actual) counts.set(fact, (counts.get(fact) ?? 0) + 1);
  for (const fact of expected) counts.set(fact, (counts.get(fact) ?? 0) - 1);
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([fact, count]) => (count > 0 ? `${count} too many: ${fact}` : `${-count} missing: ${fact}`));
}

function unlike(what: string, actual: object, expected: object): readonly string[] {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  return is === should ? [] : [`${what} is ${is}, not ${should}`];
}

/** Every record was asked for, at most once more a kill, and the ledger has an entry for each time. */
export async function wrongCalls(
  stack: Stack,
  { id, counted, kills }: Pick<DisturbedCycle, 'id' | 'counted' | 'kills'>,
): Promise<readonly string[]> {
  const groups = new Map<string, { recorded: number; paid: number }>();
  for (const { firstRequest, entries } of await recordedPlays(stack, id)) {
    const group = groups.get(firstRequest) ?? { recorded: 0, paid: 0 };
    group.recorded += 1;
    group.paid += entries.filter((state) => state === 'settled' || state === 'unknown').length;
    groups.set(firstRequest, group);
  }
  if (groups.size === 0) return ['nothing was recorded'];
  return [...groups].flatMap(([request, { recorded, paid }]) => {
    const asked = counted.timesAsked.get(request) ?? 0;
    if (asked >= recorded && asked <= recorded * (1 + kills) && paid >= asked) return [];
    return [`recorded ${recorded} times, asked ${asked} times, paid ${paid} times, with ${kills} kills`];
  });
}

/** Nothing is left open, nothing that the target would bill is missing, and no more is unknown than the kills explain. */
export async function wrongMoney(
  stack: Stack,
  { id, counted, kills }: Pick<DisturbedCycle, 'id' | 'counted' | 'kills'>,
  maxParallel: number,
): Promise<readonly string[]> {
  const { reserved, unknown, settledMicroUsd } = await ledgerSums(stack, id);
  const periods = await wrongPeriods(stack);
  const most = kills * openReservationsAtMost(maxParallel);
  return [
    ...(reserved === 0 ? [] : [`${reserved} reservations are open`]),
    ...(unknown <= most ? [] : [`${unknown} bills are unknown after ${kills} kills`]),
    ...(settledMicroUsd >= counted.billMicroUsd
      ? []
      : [`the ledger has ${settledMicroUsd}, the bill is ${counted.billMicroUsd}`]),
    ...(kills > 0 || settledMicroUsd === counted.billMicroUsd
      ? []
      : [`the ledger has ${settledMicroUsd} without a kill, the bill is ${counted.billMicroUsd}`]),
    ...periods.map((period) => `not the sum of its entries: ${JSON.stringify(period)}`),
  ];
}
