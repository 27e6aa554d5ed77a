import type { HypothesisDraft } from './hypothesis';
import type { MemorySnapshot, TestedHypothesis } from './memory';
import { beliefFrom } from './statistics';
import { cutToBytes } from './text-size';
import { triggerSignature } from './trigger-signature';
import { NEARLY_THE_SAME, trigramSimilarity, trigramsOf, type Trigrams } from './trigrams';
import { HALF_LIFE_DAYS, isKnown } from './type-belief';

/** Runs that must hold, with none that failed, before a hypothesis counts as refuted. */
const ENOUGH_HELD_RUNS = 3;
const MAX_QUOTE_BYTES = 300;

const KINDS = {
  failure: 'a known failure',
  refuted: 'what was refuted before',
  tested: 'what was tested before',
} as const;

/** What memory holds that a hypothesis may repeat. */
interface Remembered {
  readonly kind: keyof typeof KINDS;
  readonly signature: string;
  readonly text: string;
  readonly trigrams: Trigrams;
}

/** How new a hypothesis is on its target. */
export interface HypothesisNovelty {
  /** 0–1: one less the greatest likeness to anything that memory holds of the target. */
  readonly novelty: number;
  /** What it is most like; undefined where memory holds nothing like it. */
  readonly nearest: { readonly kind: keyof typeof KINDS; readonly text: string } | undefined;
}

/**
 * How new each hypothesis is. What memory has under the same trigger signature it repeats in full, novelty 0; any other
 * text is as near as its trigrams are alike. Of two that are equally near, a known failure goes before a refuted
 * hypothesis, and that before one that was tested.
 */
export function noveltiesOf(
  drafts: readonly HypothesisDraft[],
  target: string,
  memory: MemorySnapshot,
): readonly HypothesisNovelty[] {
  const remembered = recall(target, memory);
  return drafts.map(({ failureType, expectedFailure }) => {
    const signature = triggerSignature(target, failureType, expectedFailure);
    const trigrams = trigramsOf(expectedFailure);
    let similarity = 0;
    let nearest: Remembered | undefined;
    for (const each of remembered) {
      const likeness = each.signature === signature ? 1 : trigramSimilarity(trigrams, each.trigrams);
      if (likeness > similarity) [similarity, nearest] = [likeness, each];
    }
    return { novelty: 1 - similarity, nearest };
  });
}

/**
 * The hypotheses in their order, except that those which say nearly what was refuted stand behind all others; priorities
 * count from 1, and each rationale says how new its hypothesis is. None is left out. Unchanged where memory is empty.
 */
export function refutedLast(
  drafts: readonly HypothesisDraft[],
  target: string,
  memory: MemorySnapshot,
): readonly HypothesisDraft[] {
  const novelties = noveltiesOf(drafts, target, memory);
  const judged = drafts.map((draft, index) => ({ draft, ...(novelties[index] ?? NEW) }));
  if (judged.every(({ nearest }) => nearest === undefined)) return drafts;
  return [...judged.filter((one) => !repeatsRefuted(one)), ...judged.filter(repeatsRefuted)].map(
    ({ draft, ...how }, index) => ({
      ...draft,
      priority: index + 1,
      rationale: `${draft.rationale} ${inWords(how)}`,
    }),
  );
}

const NEW: HypothesisNovelty = { novelty: 1, nearest: undefined };

function repeatsRefuted({ novelty, nearest }: HypothesisNovelty): boolean {
  return nearest?.kind === 'refuted' && 1 - novelty >= NEARLY_THE_SAME;
}

function inWords({ novelty, nearest }: HypothesisNovelty): string {
  if (nearest === undefined) return '(Novelty 1.00: like nothing in memory.)';
  return `(Novelty ${novelty.toFixed(2)}: most like ${KINDS[nearest.kind]}, "${cutToBytes(nearest.text, MAX_QUOTE_BYTES)}".)`;
}

function recall(
  target: string,
  { knownFailures, testedHypotheses = [] }: MemorySnapshot,
): readonly Remembered[] {
  const tested = testedHypotheses.map(({ failureType, statement, observations }) => ({
    kind: isRefuted(observations) ? ('refuted' as const) : ('tested' as const),
    signature: triggerSignature(target, failureType, statement),
    text: statement,
    trigrams: trigramsOf(statement),
  }));
  return [
    ...knownFailures.map(({ triggerSignature: signature, trigger }) => ({
      kind: 'failure' as const,
      signature,
      text: trigger,
      trigrams: trigramsOf(trigger),
    })),
    ...tested.filter(({ kind }) => kind === 'refuted'),
    ...tested.filter(({ kind }) => kind === 'tested'),
  ];
}

/** Whether enough runs held and none failed, not so long ago that less than one of them still counts. */
function isRefuted(observations: TestedHypothesis['observations']): boolean {
  const count = (side: 'failed' | 'held'): number => observations.reduce((sum, seen) => sum + seen[side], 0);
  return (
    count('failed') === 0 &&
    count('held') >= ENOUGH_HELD_RUNS &&
    isKnown(beliefFrom(observations, HALF_LIFE_DAYS))
  );
}
