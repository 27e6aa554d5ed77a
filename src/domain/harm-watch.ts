import type { RunOutcome } from './experiment';
import type { ReplayedPair } from './replay';
import { likelihoodRatio } from './statistics';

/** The chance, at most, that a change which does no harm is ever taken back, however often one looks. */
const LEVEL = 0.05;

/** Evidence of harm from which on a change is taken back: by Ville's inequality the chance to reach it without harm is at most `LEVEL`. */
export const HARM_THRESHOLD = 1 / LEVEL;

/** Shares of the capital that are staked on the next discordant pair being broken; the capital is their mean. */
const STAKES = [0.25, 0.5, 0.75, 1] as const;

/** The pairs of one kind: of failing cases, or of controls. */
interface WatchedPairs {
  /** Assessed pairs. */
  readonly pairs: number;
  /** Pairs in which a lane could not be assessed; they count neither way. */
  readonly unassessedPairs: number;
  readonly baselineFailed: number;
  readonly candidateFailed: number;
  /** Baseline failed, candidate held. */
  readonly fixed: number;
  /** Baseline held, candidate failed. */
  readonly broken: number;
  /** Evidence of harm; see `harmEValue`. */
  readonly eValue: number;
}

/** What the canaries of a deployment show so far. */
export interface WatchFigures {
  readonly pairs: number;
  readonly unassessedPairs: number;
  /** The mean of both kinds: evidence that the change does harm on either. */
  readonly eValue: number;
  readonly threshold: number;
  readonly failing: WatchedPairs;
  readonly controls: WatchedPairs;
}

export const WATCH_VERDICTS = ['watching', 'no_harm_shown', 'harm', 'inconclusive'] as const;
export type WatchVerdict = (typeof WATCH_VERDICTS)[number];

/** The watch of a deployment, as it is kept. */
export interface Watch extends WatchFigures {
  readonly verdict: WatchVerdict;
  /** For people. */
  readonly reason: string;
  /** Assessed pairs after which it ends. */
  readonly pairsPlanned: number;
  /** ISO 8601; it ends then at the latest. */
  readonly endsAt: string;
  /** Why nothing is replayed at the moment; null while canaries come as planned. */
  readonly paused: string | null;
}

/**
 * Evidence of harm in discordant pairs, as the capital of a gambler who begins with 1 and bets that the next one is
 * broken: `mean over stakes s of (1 + s)^broken (1 - s)^fixed`, each the likelihood ratio of a chance of `(1 + s) / 2`
 * to an even one. While breaking is no more likely than fixing, the game is fair or worse for the gambler, so that the
 * capital is a test supermartingale: one may look after every pair, and the chance that it ever reaches 1/a is at most a.
 * Sources: J. Ville, "Étude critique de la notion de collectif" (1939); G. Shafer, "Testing by betting", JRSS A 184
 * (2021) 407–431; I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
 * (2024) 1–27, for the mixture over stakes.
 */
export function harmEValue(fixed: number, broken: number): number {
  return mean(STAKES.map((stake) => likelihoodRatio(broken, fixed, 1 / 2, (1 + stake) / 2)));
}

/**
 * What canary pairs show. Failing cases and controls are two games, of which a change may lose either: what it fixes in
 * the one must not pay for what it breaks in the other. The mean of two such capitals is one again.
 */
export function judgeWatch(
  failing: readonly ReplayedPair[],
  controls: readonly ReplayedPair[],
): WatchFigures {
  const [watched, guarded] = [tally(failing), tally(controls)];
  return {
    pairs: watched.pairs + guarded.pairs,
    unassessedPairs: watched.unassessedPairs + guarded.unassessedPairs,
    eValue: mean([watched.eValue, guarded.eValue]),
    threshold: HARM_THRESHOLD,
    failing: watched,
    controls: guarded,
  };
}

export function showsHarm({ eValue, threshold }: WatchFigures): boolean {
  return eValue >= threshold;
}

/** Whether these pairs could have shown harm: what if every one whose baseline held had been broken? */
function couldShowHarm({ failing, controls }: WatchFigures): boolean {
  const worst = ({ pairs, baselineFailed, fixed }: WatchedPairs): number =>
    harmEValue(fixed, pairs - baselineFailed);
  return mean([worst(failing), worst(controls)]) >= HARM_THRESHOLD;
}

/** What a watch comes to when it ends: that no harm was shown is said only where it could have been. */
export function finalVerdict(figures: WatchFigures): Exclude<WatchVerdict, 'watching'> {
  if (showsHarm(figures)) return 'harm';
  return couldShowHarm(figures) ? 'no_harm_shown' : 'inconclusive';
}

const OPENINGS: Readonly<Record<WatchVerdict, string>> = {
  watching: 'Watched so far',
  no_harm_shown: 'The canaries show no harm',
  harm: 'The canaries show harm',
  inconclusive: 'Too few canaries could be assessed to show harm',
};

/** The figures in words. */
export function watchReason(verdict: WatchVerdict, figures: WatchFigures): string {
  const { failing, controls, unassessedPairs, eValue, threshold } = figures;
  const left = unassessedPairs === 0 ? '' : `, ${unassessedPairs} could not be assessed`;
  const evidence = `evidence of harm ${eValue.toPrecision(3)}, taken back from ${threshold} on`;
  return `${OPENINGS[verdict]}: ${inWords('failing cases', failing)}; ${inWords('controls', controls)}${left}; ${evidence}.`;
}

function inWords(kind: string, { pairs, fixed, broken }: WatchedPairs): string {
  return `${pairs} ${pairs === 1 ? 'pair' : 'pairs'} of ${kind}, ${fixed} fixed and ${broken} broken`;
}

function tally(pairs: readonly ReplayedPair[]): WatchedPairs {
  const count = (baseline: RunOutcome, candidate: RunOutcome): number =>
    pairs.filter((pair) => pair.baseline === baseline && pair.candidate === candidate).length;
  const both = count('failed', 'failed');
  const fixed = count('failed', 'held');
  const broken = count('held', 'failed');
  const assessed = both + fixed + broken + count('held', 'held');
  return {
    pairs: assessed,
    unassessedPairs: pairs.length - assessed,
    baselineFailed: both + fixed,
    candidateFailed: both + broken,
    fixed,
    broken,
    eValue: harmEValue(fixed, broken),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
