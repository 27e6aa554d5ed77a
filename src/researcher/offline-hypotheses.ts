import type { HypothesisDraft } from '../domain/hypothesis';
import type { KnownFailure, MemorySnapshot } from '../domain/memory';
import { SEVERITIES } from '../domain/severity';
import { classOf, defaultSeverityOf, FAILURE_CLASSES, TAXONOMY, type FailureType } from '../domain/taxonomy';
import type { ExperimentFamily } from './library';
import type { HypothesisInput } from './researcher';

/** What memory says of a type, as the ranking reads it. */
interface Standing {
  readonly family: ExperimentFamily;
  readonly assessed: number;
  readonly failed: number;
  readonly open: readonly KnownFailure[];
}

const REVERIFIED_SHARE = 0.2;

/**
 * The most useful hypotheses for the target, most useful first. Types that match the focus come before all others.
 * Among equals: types never tested, spread over the classes; then types with open failures, of which one slot in five
 * (at least one) is kept for re-verification; then tested types by how uncertain their failure rate still is.
 */
export function rankHypotheses(
  families: readonly ExperimentFamily[],
  { focus, memory, count }: HypothesisInput,
): readonly HypothesisDraft[] {
  const standings = families.map((family) => standingOf(family, memory));
  const tiers = [3, 2, 1, 0].map((tier) =>
    standings.filter(({ family }) => focusMatch(family.failureType, focus) === tier),
  );
  const chosen: Standing[] = [];
  for (const tier of tiers) chosen.push(...rank(tier, standings, count - chosen.length));
  return chosen.map((standing, index) => hypothesisOf(standing, index + 1, focus));
}

function standingOf(family: ExperimentFamily, memory: MemorySnapshot): Standing {
  const history = memory.history.find(({ failureType }) => failureType === family.failureType);
  return {
    family,
    assessed: history?.assessedRuns ?? 0,
    failed: history?.failedRuns ?? 0,
    open: memory.knownFailures.filter(
      ({ failureType, state }) => failureType === family.failureType && state === 'open',
    ),
  };
}

function rank(candidates: readonly Standing[], all: readonly Standing[], slots: number): readonly Standing[] {
  if (slots <= 0) return [];
  const open = candidates.filter((standing) => standing.open.length > 0).sort(byUncertainty);
  const settled = candidates.filter((standing) => standing.open.length === 0);
  const untested = spread(
    settled.filter(({ assessed }) => assessed === 0),
    all,
  );
  const tested = settled.filter(({ assessed }) => assessed > 0).sort(byUncertainty);
  const kept = Math.min(open.length, Math.max(1, Math.round(slots * REVERIFIED_SHARE)));
  const fresh = untested.slice(0, slots - kept);
  return [...fresh, ...open.slice(0, kept), ...tested, ...open.slice(kept)].slice(0, slots);
}

/** Takes types one at a time from the class that has had the fewest, the gravest type of a class first. */
function spread(untested: readonly Standing[], all: readonly Standing[]): readonly Standing[] {
  const had = new Map<string, number>(
    FAILURE_CLASSES.map((name) => [
      name,
      all.filter(({ family, assessed }) => assessed > 0 && classOf(family.failureType) === name).length,
    ]),
  );
  const waiting = [...untested].sort((a, b) => gravity(b) - gravity(a));
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

function gravity({ family }: Standing): number {
  return SEVERITIES.indexOf(defaultSeverityOf(family.failureType));
}

function byUncertainty(a: Standing, b: Standing): number {
  return uncertainty(b) - uncertainty(a);
}

/** Standard deviation of the failure rate under Beta(failed + 1, held + 1); falls as runs accumulate. */
function uncertainty({ failed, assessed }: Standing): number {
  const [a, b] = [failed + 1, assessed - failed + 1];
  return Math.sqrt((a * b) / ((a + b) ** 2 * (a + b + 1)));
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
  const { family, assessed, failed } = standing;
  return {
    targetSurface: family.targetSurface,
    expectedFailure: family.expectedFailure,
    failureType: family.failureType,
    confidence: Number(((failed + 1) / (assessed + 2)).toFixed(3)),
    priority,
    rationale: rationaleOf(standing, focus),
  };
}

function rationaleOf({ family, assessed, failed, open }: Standing, focus: string | null): string {
  const type = family.failureType;
  const focused = focusMatch(type, focus) > 0 ? ` It matches the focus "${focus}".` : '';
  const belief = `Confidence is (failed + 1) / (assessed + 2) = ${failed + 1}/${assessed + 2}.`;
  const figures = `${failed} of ${assessed} assessed runs failed so far.`;
  const known = open.map(({ trigger }) => `"${trigger}"`).join(', ');
  const reason =
    open.length > 0
      ? `Known and still open (${known}), to be verified again: ${figures}`
      : assessed === 0
        ? `Never tested on this target; default severity ${defaultSeverityOf(type)}.`
        : `Tested before, its rate still uncertain: ${figures}`;
  return `Chosen by the offline rules, without a model. ${reason}${focused} ${belief}`;
}
