import type { ExperimentDesign, RunOutcome, TestCase } from './experiment';
import type { PairedComparison, SimulationResult, SimulationVerdict } from './simulation';
import { exactHarm, mcnemarExact, newcombePairedDifference, sharedLevel } from './statistics';

/** All tests are at this level; candidates for the same failure share it when they are to be called improvements. */
export const SIGNIFICANCE = 0.05;
/** A change of the failure rate by less than this is not worth a change of configuration. */
const MEANINGFUL_EFFECT = 0.2;
/** Fewer control pairs could not show harm: five broken of five is the least that passes the one-sided test. */
const MIN_CONTROL_PAIRS = 5;
/** Runs of an experiment are seeded by their position, far below; see `planPairs`. */
const FIRST_REPLAY_SEED = 1_000_000;

/** A test case that an intervention must not break. */
export interface ControlCase {
  readonly experimentId: string;
  /** Into the cases of the design followed by its controls. */
  readonly caseIndex: number;
  readonly testCase: TestCase;
}

/** One stimulus to be played in both lanes with the same seed. */
export type PlannedPair<F, C> =
  | { readonly control: false; readonly pair: number; readonly seed: number; readonly source: F }
  | { readonly control: true; readonly pair: number; readonly seed: number; readonly source: C };

/** What came of one pair: the target as it is, and the target with the intervention. */
export interface ReplayedPair {
  readonly baseline: RunOutcome;
  readonly candidate: RunOutcome;
}

/** How many control pairs go with so many failing pairs, where there is any control. */
export function controlPairs(replayPairs: number): number {
  return Math.max(Math.ceil(replayPairs / 2), MIN_CONTROL_PAIRS);
}

/** The controls of the experiments, and those of their cases that were assessed and never failed. */
export function controlCases(
  experiments: readonly {
    readonly id: string;
    readonly design: Pick<ExperimentDesign, 'cases' | 'controls'>;
  }[],
  runs: readonly {
    readonly experimentId: string;
    readonly caseIndex: number;
    readonly outcome: RunOutcome;
  }[],
): readonly ControlCase[] {
  return experiments.flatMap(({ id, design }) => {
    const ofCase = (index: number, outcome: RunOutcome): boolean =>
      runs.some((run) => run.experimentId === id && run.caseIndex === index && run.outcome === outcome);
    const all = [...design.cases, ...design.controls].map((testCase, caseIndex) => ({
      experimentId: id,
      caseIndex,
      testCase,
    }));
    const passing = all
      .slice(0, design.cases.length)
      .filter(({ caseIndex }) => ofCase(caseIndex, 'held') && !ofCase(caseIndex, 'failed'));
    return [...all.slice(design.cases.length), ...passing];
  });
}

/**
 * What a counterfactual replay plays: exactly `replayPairs` pairs over the failed runs in turn and, where there is any
 * control, `controlPairs(replayPairs)` over the controls in turn. Both lanes of a pair have the same seed.
 *
 * Every seed is fresh, also in the first round. The failed runs were chosen because they failed: on a target that is
 * deterministic by seed the baseline would be bound to fail again at their seeds, while any change of the prompt, however
 * useless, would draw anew, and look like an improvement.
 */
export function planPairs<F, C>(input: {
  readonly failingRuns: readonly F[];
  readonly controls: readonly C[];
  readonly replayPairs: number;
}): readonly PlannedPair<F, C>[] {
  const failing = inTurn(input.failingRuns, input.replayPairs);
  const controls = inTurn(input.controls, controlPairs(input.replayPairs));
  return [
    ...failing.map((source, pair) => ({
      control: false as const,
      pair,
      seed: FIRST_REPLAY_SEED + pair,
      source,
    })),
    ...controls.map((source, pair) => ({
      control: true as const,
      pair,
      seed: FIRST_REPLAY_SEED + pair,
      source,
    })),
  ];
}

function inTurn<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length === 0) return [];
  const rounds = Array.from({ length: Math.ceil(count / items.length) }, () => items);
  return rounds.flat().slice(0, count);
}

/**
 * What a replay showed, in this order:
 * - `degraded`: on the failing cases the change breaks more than it fixes (two-sided exact McNemar, 5 %);
 * - `side_effect`: on the controls it breaks more than it fixes (one-sided exact test, 5 %), whether it helps or not;
 * - `improved`: on the failing cases it fixes more than it breaks (two-sided exact McNemar, 5 % divided by the number of
 *   candidates for the same failure, so that the chance to call any useless one an improvement is at most 5 %);
 * - `no_change`: the interval of the effect lies within 20 points on either side, which rules out a meaningful improvement
 *   and a meaningful harm, and the baseline failed in at least 20 % of the pairs, so that there was something to improve;
 * - `inconclusive`: anything else. Five pairs are always so, or `side_effect`: their least p is 0.0625.
 *
 * Pairs with an unassessed lane are left out and counted. Pairs are taken as independent: where a target ignores the seed
 * and always answers the same, the pairs of one case repeat each other, and the result holds for those cases only.
 *
 * `candidates` is the number of changes that were planned against the failure, whatever became of the others: it is fixed
 * before the first replay, so that a verdict waits for no other and never changes. Harm is not divided: missing it is the
 * dearer mistake.
 */
export function judgeReplay(
  failingPairs: readonly ReplayedPair[],
  controls: readonly ReplayedPair[],
  candidates = 1,
): SimulationResult {
  const failing = compare(failingPairs);
  const guarded = compare(controls);
  const harm = exactHarm(guarded.fixed, guarded.broken);
  const level = sharedLevel(SIGNIFICANCE, candidates);
  const verdict = verdictOf(failing, harm, level);
  const shared = candidates > 1 ? ` (${percent(level)} % as one of ${candidates} candidates)` : '';
  const reason = reasonOf(verdict, `${onFailing(failing)}${shared}`, failing, guarded, harm);
  return { verdict, reason, failing, controls: guarded, candidates, level };
}

function compare(pairs: readonly ReplayedPair[]): PairedComparison {
  const assessed = pairs.filter(
    ({ baseline, candidate }) => baseline !== 'unassessed' && candidate !== 'unassessed',
  );
  const count = (baseline: RunOutcome, candidate: RunOutcome): number =>
    assessed.filter((pair) => pair.baseline === baseline && pair.candidate === candidate).length;
  const both = count('failed', 'failed');
  const fixed = count('failed', 'held');
  const broken = count('held', 'failed');
  const neither = count('held', 'held');
  const interval = newcombePairedDifference({ both, onlyFirst: fixed, onlySecond: broken, neither });
  return {
    pairs: assessed.length,
    unassessedPairs: pairs.length - assessed.length,
    baselineFailed: both + fixed,
    candidateFailed: both + broken,
    fixed,
    broken,
    pValue: mcnemarExact(fixed, broken),
    effect: interval === null ? null : (fixed - broken) / assessed.length,
    effectLow: interval?.low ?? null,
    effectHigh: interval?.high ?? null,
  };
}

function verdictOf(failing: PairedComparison, harm: number, level: number): SimulationVerdict {
  const { pValue, fixed, broken } = failing;
  if (broken > fixed && pValue <= SIGNIFICANCE) return 'degraded';
  if (harm <= SIGNIFICANCE) return 'side_effect';
  if (fixed > broken && pValue <= level) return 'improved';
  return rulesOutEffect(failing) ? 'no_change' : 'inconclusive';
}

function rulesOutEffect({ pairs, baselineFailed, effectLow, effectHigh }: PairedComparison): boolean {
  if (effectLow === null || effectHigh === null) return false;
  const within = effectLow > -MEANINGFUL_EFFECT && effectHigh < MEANINGFUL_EFFECT;
  return within && baselineFailed / pairs >= MEANINGFUL_EFFECT;
}

const OPENINGS: Readonly<Record<SimulationVerdict, string>> = {
  improved: 'The change makes the failure rarer',
  degraded: 'The change makes the failure more frequent',
  side_effect: 'The change breaks controls that held',
  no_change: 'The change makes no meaningful difference',
  inconclusive: 'The replay does not tell whether the change helps',
};

function reasonOf(
  verdict: SimulationVerdict,
  shown: string,
  failing: PairedComparison,
  controls: PairedComparison,
  harm: number,
): string {
  const onControls =
    controls.pairs === 0
      ? 'no control was assessed, so side effects are unknown'
      : `controls: ${figures(controls)}, one-sided ${pText(harm)} for harm`;
  return `${OPENINGS[verdict]}: ${shown}; ${onControls}${unassessed(failing, controls)}.`;
}

function onFailing(failing: PairedComparison): string {
  const { effect, effectLow, effectHigh, pValue } = failing;
  if (effect === null || effectLow === null || effectHigh === null) return 'no pair was assessed';
  const interval = `${points(effectLow)} to ${points(effectHigh)}`;
  return `${figures(failing)}, effect ${points(effect)} points (95 % interval ${interval}), two-sided ${pText(pValue)}`;
}

function figures({ pairs, baselineFailed, candidateFailed, fixed, broken }: PairedComparison): string {
  return `${baselineFailed} of ${pairs} failed without it and ${candidateFailed} with it, ${fixed} fixed and ${broken} broken`;
}

function unassessed(failing: PairedComparison, controls: PairedComparison): string {
  const count = failing.unassessedPairs + controls.unassessedPairs;
  return count === 0 ? '' : `; ${count} ${count === 1 ? 'pair' : 'pairs'} could not be assessed`;
}

function points(share: number): string {
  return (share * 100).toFixed(0).replace(/^-0$/, '0');
}

function percent(share: number): string {
  return String(Number((share * 100).toPrecision(3)));
}

function pText(p: number): string {
  return p < 0.0001 ? 'p < 0.0001' : `p = ${p.toFixed(4)}`;
}
