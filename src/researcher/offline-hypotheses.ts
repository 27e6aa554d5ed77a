import type { HypothesisDraft } from '../domain/hypothesis';
import type { KnownFailure, MemorySnapshot, TypeHistory } from '../domain/memory';
import { expectedPlayCost } from '../domain/play-cost';
import { SEVERITIES } from '../domain/severity';
import { believedRate, credibleInterval, type Belief } from '../domain/statistics';
import type { TargetConfiguration } from '../domain/target';
import { classOf, defaultSeverityOf, FAILURE_CLASSES, TAXONOMY, type FailureType } from '../domain/taxonomy';
import { beliefOf, informationPerCost, isKnown } from '../domain/type-belief';
import type { ExperimentFamily } from './library';
import type { HypothesisInput } from './researcher';

/** What memory says of a type, as the ranking reads it. */
interface Standing {
  readonly family: ExperimentFamily;
  readonly history: TypeHistory | undefined;
  readonly belief: Belief;
  readonly open: readonly KnownFailure[];
  /** Bits that an experiment is expected to give per unit of cost, weighted by the severity of the type. */
  readonly worth: number;
}

const REVERIFIED_SHARE = 0.2;
/** Runs of an experiment, as the ranking takes it: the default. */
const RUNS = 5;

/**
 * The most useful hypotheses for the target, most useful first. Types that match the focus come before all others. Among
 * equals: types of which nothing is known, or so long ago that less than a run of it still counts; then those that are
 * known. Classes take turns among the first, the one with the fewest known types before all others; within a
 * class, and among the second, the experiment comes first that is expected to tell most about the rate of its failure per unit of its cost, weighted by
 * severity from 1 for S0 to 5 for S4. One slot in five, at least one, is kept for failures that are open.
 */
export function rankHypotheses(
  families: readonly ExperimentFamily[],
  { focus, memory, count, target }: HypothesisInput,
): readonly HypothesisDraft[] {
  const standings = standingsOf(families, memory, target.configuration);
  const tiers = [3, 2, 1, 0].map((tier) =>
    standings.filter(({ family }) => focusMatch(family.failureType, focus) === tier),
  );
  const chosen: Standing[] = [];
  for (const tier of tiers) chosen.push(...rank(tier, standings, count - chosen.length));
  return chosen.map((standing, index) => hypothesisOf(standing, index + 1, focus));
}

function standingsOf(
  families: readonly ExperimentFamily[],
  memory: MemorySnapshot,
  configuration: TargetConfiguration,
): readonly Standing[] {
  const expected = new Map(families.map((family) => [family, expectedCost(family, configuration)]));
  const historyOf = ({ failureType }: ExperimentFamily) =>
    memory.history.find((entry) => entry.failureType === failureType);
  const rate = paidPerExpected(families, expected, historyOf);
  return families.map((family) => {
    const history = historyOf(family);
    const belief = beliefOf(history);
    const cost = RUNS * (history?.runMicroUsd ?? rate * (expected.get(family) ?? 1));
    const severity = 1 + SEVERITIES.indexOf(defaultSeverityOf(family.failureType));
    const open = memory.knownFailures.filter(
      ({ failureType, state }) => failureType === family.failureType && state === 'open',
    );
    return {
      family,
      history,
      belief,
      open,
      worth: severity * informationPerCost(belief, { runs: RUNS, cost }),
    };
  });
}

/** About what a run of the plainest experiment costs; at least 1. */
function expectedCost({ experiments }: ExperimentFamily, configuration: TargetConfiguration): number {
  const [plainest] = experiments;
  if (plainest === undefined) return 1;
  const { cases, maxOutputTokens } = plainest;
  const costs = cases.map((each) => expectedPlayCost(each, configuration, maxOutputTokens));
  return Math.max(1, costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs.length));
}

/** What this target has cost per unit of expected cost; 1 while nothing was paid. */
function paidPerExpected(
  families: readonly ExperimentFamily[],
  expected: ReadonlyMap<ExperimentFamily, number>,
  historyOf: (family: ExperimentFamily) => TypeHistory | undefined,
): number {
  const [paid, estimated] = families.reduce(
    ([money, units], family) => {
      const known = historyOf(family)?.runMicroUsd ?? null;
      return known === null ? [money, units] : [money + known, units + (expected.get(family) ?? 0)];
    },
    [0, 0],
  );
  return paid > 0 && estimated > 0 ? paid / estimated : 1;
}

function rank(candidates: readonly Standing[], all: readonly Standing[], slots: number): readonly Standing[] {
  if (slots <= 0) return [];
  const open = candidates.filter((standing) => standing.open.length > 0).toSorted(byWorth);
  const others = candidates.filter((standing) => standing.open.length === 0);
  const unknown = inTurns(
    others.filter(({ belief }) => !isKnown(belief)),
    all,
  );
  const known = others.filter(({ belief }) => isKnown(belief)).toSorted(byWorth);
  const kept = Math.min(open.length, Math.max(1, Math.round(slots * REVERIFIED_SHARE)));
  const fresh = unknown.slice(0, slots - kept);
  return [...fresh, ...open.slice(0, kept), ...known, ...open.slice(kept)].slice(0, slots);
}

function byWorth(a: Standing, b: Standing): number {
  return b.worth - a.worth;
}

/** Takes types one at a time from the class that has had the fewest, the worthiest type of a class first. */
function inTurns(candidates: readonly Standing[], all: readonly Standing[]): readonly Standing[] {
  const had = new Map<string, number>(
    FAILURE_CLASSES.map((name) => [
      name,
      all.filter(({ family, belief }) => isKnown(belief) && classOf(family.failureType) === name).length,
    ]),
  );
  const waiting = candidates.toSorted(byWorth);
  const order: Standing[] = [];
  while (waiting.length > 0) {
    const counts = waiting.map(({ family }) => had.get(classOf(family.failureType)) ?? 0);
    const [next] = waiting.splice(counts.indexOf(Math.min(...counts)), 1);
    if (next === undefined) break;
    order.push(next);
    const name = classOf(next.family.failureType);
    had.set(name, (had.get(name) ?? 0) + 1);
  }
  return order;
}

/** 3: class or type is named in full; 2: a word of the type's name; 1: a word of its description; 0: no match. */
function focusMatch(type: FailureType, focus: string | null): 0 | 1 | 2 | 3 {
  const wanted = wordsOf(focus ?? '');
  if (wanted.length === 0) return 0;
  const has = (word: string): boolean => wanted.includes(word);
  const [name, className] = [wordsOf(type), wordsOf(classOf(type))];
  if (name.every(has) || className.every(has)) return 3;
  if (name.some(has)) return 2;
  return wordsOf(TAXONOMY[type].description).some(has) ? 1 : 0;
}

/** Words of four letters or more, without a plural s. */
function wordsOf(text: string): readonly string[] {
  return (text.toLowerCase().match(/[a-z]{4,}/g) ?? []).map((word) => word.replace(/(?<!s)s$/, ''));
}

function hypothesisOf(standing: Standing, priority: number, focus: string | null): HypothesisDraft {
  const { family, belief } = standing;
  return {
    targetSurface: family.targetSurface,
    expectedFailure: family.expectedFailure,
    failureType: family.failureType,
    confidence: Number(believedRate(belief).toFixed(3)),
    priority,
    rationale: rationaleOf(standing, focus),
  };
}

function rationaleOf({ family, history, belief, open }: Standing, focus: string | null): string {
  const type = family.failureType;
  const focused = focusMatch(type, focus) > 0 ? ` It matches the focus "${focus}".` : '';
  const { low, high } = credibleInterval(belief);
  const confidence = `Confidence is the believed rate, 95 % credible from ${low.toFixed(2)} to ${high.toFixed(2)}; older runs count less.`;
  const figures = `${history?.failedRuns ?? 0} of ${history?.assessedRuns ?? 0} assessed runs failed so far.`;
  const known = open.map(({ trigger }) => `"${trigger}"`).join(', ');
  const reason =
    open.length > 0
      ? `Known and still open (${known}), to be verified again: ${figures}`
      : history === undefined
        ? `Never tested on this target; default severity ${defaultSeverityOf(type)}.`
        : `Tested before, its rate still uncertain: ${figures}`;
  return `Chosen by the offline rules, without a model. ${reason}${focused} ${confidence}`;
}
