import { CYCLE_REQUEST_LIMITS, type CycleRequest } from './cycle';
import type { Rate } from './failure';
import { SIGNIFICANCE } from './replay';
import { pairedPower, pairsForPower, sharedLevel } from './statistics';

/** A change that removes less of a failure is not what a replay is sized for. */
const REMOVED_SHARE = 0.8;
const WANTED_POWER = 0.9;

/** How many pairs a replay has, why, and what they can show; fixed before its first pair. */
export interface ReplaySize {
  readonly pairs: number;
  /**
   * `request`: as many as were asked for; `power`: as many as the wanted power takes; `budget`: as many as the budget
   * allows, which are fewer; `limit`: as many as a replay may have, which are fewer.
   */
  readonly chosenBy: 'request' | 'power' | 'budget' | 'limit';
  /** Changes that are replayed against the same failure; each is tested at an equal share of the error budget. */
  readonly candidates: number;
  /** The two-sided level at which this one is found to be an improvement. */
  readonly level: number;
  /** The failure rate that is reckoned with; null when none was observed. */
  readonly assumedRate: number | null;
  /** The chance to find a change that removes 80 % of the failure to be an improvement; null without a rate. */
  readonly power: number | null;
}

/**
 * The size of the replays of a failure. `auto` takes as many pairs as show a change that removes 80 % of the failure with
 * a chance of 90 %, within the limits of a request and within `affordable`, but at least the fewest.
 *
 * The rate reckoned with is the observed one or, where it is lower, the centre of its Wilson interval: five failures in
 * five runs do not prove a rate of 1, and a replay sized for that would be too small for what is true.
 */
export function sizeReplay(input: {
  readonly requested: CycleRequest['replayPairs'];
  readonly observed: Rate;
  readonly candidates: number;
  /** The most pairs that there is money for. */
  readonly affordable: number;
}): ReplaySize {
  const level = sharedLevel(SIGNIFICANCE, input.candidates);
  const assumedRate = assumedRateOf(input.observed);
  const effect = { baselineRate: assumedRate ?? 0, removedShare: REMOVED_SHARE, level };
  const { pairs, chosenBy } =
    input.requested === 'auto'
      ? chosen(assumedRate === null ? null : pairsForPower(effect, WANTED_POWER, LIMITS), input.affordable)
      : { pairs: input.requested, chosenBy: 'request' as const };
  const power = assumedRate === null ? null : pairedPower(pairs, effect);
  return { pairs, chosenBy, candidates: input.candidates, level, assumedRate, power };
}

const LIMITS = CYCLE_REQUEST_LIMITS.replayPairs;

function chosen(
  needed: { readonly n: number; readonly power: number } | null,
  affordable: number,
): Pick<ReplaySize, 'pairs' | 'chosenBy'> {
  const wanted = needed?.n ?? LIMITS.default;
  if (affordable < wanted) return { pairs: Math.max(LIMITS.min, affordable), chosenBy: 'budget' };
  return { pairs: wanted, chosenBy: needed !== null && needed.power < WANTED_POWER ? 'limit' : 'power' };
}

function assumedRateOf({ value, low, high }: Rate): number | null {
  if (value === null || low === null || high === null) return null;
  return Math.min(value, (low + high) / 2);
}
