import { CYCLE_REQUEST_LIMITS } from './cycle';
import { earlyStop } from './early-stop';
import type { EarlyStop } from './early-stop';
import type { ExperimentDesign, RunOutcome } from './experiment';
import type { FailureState, Rate } from './failure';
import type { Severity } from './severity';
import { ratePower, runsForPower } from './statistics';

/** The chance, at most, to call a failure fixed that only did not happen to show. */
const BY_CHANCE = 0.05;
/** As many as discovery wants before a failure counts as not reproduced. */
const LEAST_RUNS = 3;

export const REGRESSION_VERDICTS = [
  'regressed',
  'still_failing',
  'inconclusive',
  'unassessed',
  'fixed',
] as const;
type RegressionVerdict = (typeof REGRESSION_VERDICTS)[number];

/** How many runs a known failure is replayed with, why, and what they can show; fixed before its first run. */
interface RegressionSize {
  readonly runs: number;
  /**
   * `power`: as many as it takes; `request` or `budget`: as many as these allow, which are fewer; `limit`: as many as an
   * experiment may have, which are fewer.
   */
  readonly chosenBy: 'power' | 'request' | 'budget' | 'limit';
  /** The chance that at least one of the runs fails, at the lowest rate that the record allows. */
  readonly power: number;
}

/** A known failure that an experiment replays, as it stood when the experiment was designed. */
export interface ReplayedFailure {
  readonly failureId: string;
  readonly triggerSignature: string;
  readonly trigger: string;
  readonly severity: Severity;
  readonly was: FailureState;
  /** Its rate when it was last found. */
  readonly recorded: Rate;
  readonly size: RegressionSize;
}

/** An experiment that replays a known failure; all its cases have the trigger of that. */
export interface RegressionDesign extends ExperimentDesign {
  readonly regression: ReplayedFailure;
}

/** The known failure that an experiment replays; undefined where it looks for others. */
export function regressionOf(
  design: ExperimentDesign & Partial<Pick<RegressionDesign, 'regression'>>,
): ReplayedFailure | undefined {
  return design.regression;
}

/** What replaying a known failure says of it. */
export interface RegressionFinding {
  readonly verdict: RegressionVerdict;
  /** The chance that so many runs all hold at the lowest rate that the record allows; null unless all of them held. */
  readonly chanceUnseen: number | null;
}

/**
 * The runs that show a known failure with a chance of 95 %, at the lower end of the Wilson interval of its recorded rate:
 * what was seen in five of five runs need not have a rate of 1. At least three runs, and each case once.
 */
export function sizeRegression(input: {
  readonly recorded: Rate;
  /** Test cases that are replayed. */
  readonly cases: number;
  /** The most runs that were asked for. */
  readonly requested: number;
  /** The most runs that there is money for. */
  readonly affordable: number;
}): RegressionSize {
  const { max } = CYCLE_REQUEST_LIMITS.runsPerExperiment;
  const least = Math.min(max, Math.max(LEAST_RUNS, input.cases));
  const effect = effectOf(input.recorded);
  const needed = runsForPower(effect, 1 - BY_CHANCE, { min: least, max });
  const allowed = Math.min(input.requested, input.affordable);
  const power = (runs: number): number => ratePower(runs, effect);
  if (allowed >= needed.n) {
    return {
      runs: needed.n,
      chosenBy: needed.power < 1 - BY_CHANCE ? 'limit' : 'power',
      power: needed.power,
    };
  }
  const runs = Math.max(1, allowed);
  return { runs, chosenBy: input.affordable < input.requested ? 'budget' : 'request', power: power(runs) };
}

/**
 * What the runs say of a known failure. One failed run shows that it is there: `still_failing` where it was open,
 * `regressed` where it was resolved or not reproduced. It is `fixed` when all assessed runs held, at least three, and would
 * all hold with a chance of at most 5 % at the lowest rate that the record allows (the exact binomial test against the
 * lower end of its interval). Otherwise nobody knows: `inconclusive` after some runs that held, `unassessed` without any.
 */
export function judgeRegression(
  { was, recorded }: Pick<ReplayedFailure, 'was' | 'recorded'>,
  runs: Readonly<Record<'failed' | 'held', number>>,
): RegressionFinding {
  if (runs.failed > 0) return { verdict: was === 'open' ? 'still_failing' : 'regressed', chanceUnseen: null };
  if (runs.held === 0) return { verdict: 'unassessed', chanceUnseen: null };
  const seen = ratePower(runs.held, effectOf(recorded));
  const enough = runs.held >= LEAST_RUNS && seen >= 1 - BY_CHANCE;
  return { verdict: enough ? 'fixed' : 'inconclusive', chanceUnseen: 1 - seen };
}

/**
 * Whether the replay of a known failure can stop after these runs, as {@link earlyStop} looks at them: when it is
 * established at the rates that its record allows. It is never given up early, as each of its cases is to have its turn.
 */
export function regressionStop(
  cases: ExperimentDesign['cases'],
  { recorded }: Pick<ReplayedFailure, 'recorded'>,
  outcomesInRunOrder: readonly RunOutcome[],
): EarlyStop | null {
  const stop = earlyStop(cases, outcomesInRunOrder, recorded.low ?? undefined);
  return stop?.triggers.every(({ verdict }) => verdict === 'established') === true ? stop : null;
}

function effectOf({ low }: Rate) {
  return { reference: 0, rate: low ?? 0, level: BY_CHANCE };
}
