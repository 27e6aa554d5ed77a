import type { RunOutcome, TestCase } from './experiment';
import { sequentialVerdict } from './statistics';
import type { SequentialPlan } from './statistics';
import { normaliseTrigger } from './trigger-signature';

/** Runs before anything is stopped: fewer would leave an interval that says little. Experiments up to here never stop early. */
const FIRST_LOOK = 10;
/** Runs from one look to the next; all of them are under way at once. */
const LOOK_EVERY = 5;

/** A failure that one case of a trigger shows in one of five plays is to be found. */
const LEAST_RATE_OF_A_CASE = 0.2;
/** By how much what counts as none lies below what counts as a failure. */
const RATE_RATIO = 20;
/** The chance, at most, of each wrong verdict. */
const ERROR = 0.01;

/** What the runs said of one trigger of an experiment when it was stopped. */
interface DecidedTrigger {
  readonly trigger: string;
  readonly verdict: 'established' | 'refuted';
  /** How many times more likely the outcomes are at a failure rate of `p1` than of `p0`. */
  readonly likelihoodRatio: number;
  readonly p0: number;
  readonly p1: number;
  /** The chance, at most, of either wrong verdict. */
  readonly error: number;
}

/** Why an experiment ended before its last run. */
export interface EarlyStop {
  /** Runs that were played, all of those up to the look at which it was stopped. */
  readonly afterRuns: number;
  readonly triggers: readonly DecidedTrigger[];
}

/**
 * The run before which an experiment with so many ended runs is looked at next. Nothing beyond it is begun before: no
 * run is played that the look would not count, so that neither records nor bills depend on the order of arrival.
 */
export function nextLook(endedRuns: number): number {
  if (endedRuns < FIRST_LOOK) return FIRST_LOOK;
  return FIRST_LOOK + (Math.floor((endedRuns - FIRST_LOOK) / LOOK_EVERY) + 1) * LOOK_EVERY;
}

/**
 * Whether an experiment can stop after these runs: when for each of its triggers a failure is established or refuted.
 * Each trigger is judged by the runs of its cases, in run order, as {@link sequentialVerdict} says.
 *
 * A failure is one that any single case shows in at least one of five plays. Cases take turns, so of a trigger with `c`
 * cases it shows in at least 0.2/c of the runs, and only such are refuted; where just one case shows it, the guarantee
 * is kept because that case has its turn as often as the others. Established and refuted wrongly: each at most 1 %.
 * Where `leastRate` is known of the triggers, it takes the place of 0.2/c.
 */
export function earlyStop(
  cases: readonly Pick<TestCase, 'trigger'>[],
  outcomesInRunOrder: readonly RunOutcome[],
  leastRate?: number,
): EarlyStop | null {
  const triggerOf = cases.map(({ trigger }) => normaliseTrigger(trigger));
  const triggers = [...new Set(triggerOf)].map((normalised) => {
    const outcomes = outcomesInRunOrder.filter((_, run) => triggerOf[run % cases.length] === normalised);
    const plan = planFor(
      leastRate ?? LEAST_RATE_OF_A_CASE / triggerOf.filter((other) => other === normalised).length,
    );
    const { verdict, likelihoodRatio } = sequentialVerdict(outcomes, plan);
    const { p0, p1, alpha: error } = plan;
    const trigger = cases[triggerOf.indexOf(normalised)]?.trigger ?? normalised;
    return { trigger, verdict, likelihoodRatio, p0, p1, error };
  });
  const decided = triggers.filter((one): one is DecidedTrigger => one.verdict !== 'undecided');
  if (decided.length < triggers.length) return null;
  return { afterRuns: outcomesInRunOrder.length, triggers: decided };
}

function planFor(p1: number): SequentialPlan {
  return { p0: p1 / RATE_RATIO, p1, alpha: ERROR, beta: ERROR };
}
