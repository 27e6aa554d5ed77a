import type { TypeHistory } from './memory';
import { beliefFrom, expectedInformation, JEFFREYS, type Belief } from './statistics';

/**
 * After so many days what was seen counts half. A convention: applications and the models under them change over weeks,
 * so that a month without a run is worth a new look, and half a year makes a type almost unknown again.
 */
export const HALF_LIFE_DAYS = 30;

/** What is believed of the rate at which a type of failure occurs on a target; Jeffreys' prior where nothing was seen. */
export function beliefOf(history: TypeHistory | undefined): Belief {
  return beliefFrom(history?.observations ?? [], HALF_LIFE_DAYS);
}

/** Whether at least one run counts. */
export function isKnown(belief: Belief): boolean {
  return belief.a + belief.b >= JEFFREYS.a + JEFFREYS.b + 1;
}

/** What an experiment of so many runs is expected to tell per unit of its cost, in bits; its cost is above 0. */
export function informationPerCost(belief: Belief, { runs, cost }: { runs: number; cost: number }): number {
  return expectedInformation(belief, runs) / cost;
}
