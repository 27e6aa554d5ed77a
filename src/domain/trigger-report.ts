import type { AdaptiveTurn, PlantedDocument, RunOutcome, TestCase } from './experiment';
import type { Rate } from './failure';
import { rateOf } from './statistics';
import type { StimulusPart } from './stimulus-parts';
import { cutToBytes, utf8Bytes } from './text-size';
import type { VariationKind } from './variations';

/** The chance, at most, to say that a failure is gone where it only did not happen to show. */
const BY_CHANCE = 0.05;
const MAX_PARTS = 20;
const MAX_PART_BYTES = 300;

/** A stimulus as a report shows it. */
interface ShownStimulus {
  readonly systemPrompt: string | null;
  readonly turns: readonly string[];
  readonly adaptiveTurns: readonly AdaptiveTurn[];
  readonly documents: readonly PlantedDocument[];
  /** Names. */
  readonly tools: readonly string[];
  /** Of all its texts, in UTF-8. */
  readonly bytes: number;
}

/** What a variation showed. */
interface VariationResult extends Rate {
  readonly kind: VariationKind;
  readonly change: string;
}

/** What a failure takes to show. */
export interface FollowUpReport {
  /** The shortest stimulus that was found to fail; the original one where there is no shorter. */
  readonly minimalStimulus: ShownStimulus & {
    readonly reduced: boolean;
    /** In UTF-8, of the stimulus that it was made from. */
    readonly originalBytes: number;
    /** Over fresh plays of it; null where a shorter one was found and not confirmed. */
    readonly verified: Rate | null;
  };
  /** The first twenty of each. */
  readonly trigger: {
    /** Without it the failure was seen to be gone, or there was nothing left to say. */
    readonly necessary: readonly StimulusPart[];
    /** It fails without. */
    readonly irrelevant: readonly StimulusPart[];
    /** The calls did not suffice to tell. */
    readonly undecided: readonly StimulusPart[];
    /** Never taken away: what counts as a failure rests on it. */
    readonly fixed: readonly StimulusPart[];
    readonly variations: readonly VariationResult[];
  };
  /** Over all plays of the variations, other seeds among them. */
  readonly reproducibility: Rate;
  /** Plays that it took. */
  readonly calls: number;
  /** For people. */
  readonly summary: string;
}

export interface VariedOutcome {
  readonly kind: VariationKind;
  readonly change: string;
  readonly outcomes: readonly RunOutcome[];
}

interface Findings {
  readonly original: TestCase;
  readonly minimal: TestCase;
  /** Null: a shorter stimulus was not confirmed. */
  readonly verified: readonly RunOutcome[] | null;
  readonly parts: Readonly<
    Record<'necessary' | 'irrelevant' | 'undecided' | 'fixed', readonly StimulusPart[]>
  >;
  readonly variations: readonly VariedOutcome[];
  readonly calls: number;
}

export function reportOf({
  original,
  minimal,
  verified,
  parts,
  variations,
  calls,
}: Findings): FollowUpReport {
  const [before, after] = [shown(original), shown(minimal)];
  const results = variations.map(({ kind, change, outcomes }) => ({ kind, change, ...rate(outcomes) }));
  const reproducibility = rate(variations.flatMap(({ outcomes }) => outcomes));
  const minimalStimulus = {
    ...after,
    reduced: minimal !== original,
    originalBytes: before.bytes,
    verified: verified === null ? null : rate(verified),
  };
  return {
    minimalStimulus,
    trigger: {
      necessary: shownParts(parts.necessary),
      irrelevant: shownParts(parts.irrelevant),
      undecided: shownParts(parts.undecided),
      fixed: shownParts(parts.fixed),
      variations: results,
    },
    reproducibility,
    calls,
    summary: [shortest(minimalStimulus), varied(results, reproducibility)].join(' '),
  };
}

/** Plays of which at least one fails with a chance of 95 %, at the rate that is believed after what was observed. */
export function playsToTell({ count, n }: Pick<Rate, 'count' | 'n'>): number {
  const believed = (count + 1) / (n + 2);
  return Math.max(1, Math.ceil(Math.log(BY_CHANCE) / Math.log(1 - believed)));
}

/** Over what could be assessed. */
function rate(outcomes: readonly RunOutcome[]): Rate {
  const failed = outcomes.filter((outcome) => outcome === 'failed').length;
  return rateOf(failed, failed + outcomes.filter((outcome) => outcome === 'held').length);
}

function shown({
  systemPrompt,
  turns,
  adaptiveTurns = [],
  documents = [],
  tools = [],
}: TestCase): ShownStimulus {
  const texts = [
    systemPrompt ?? '',
    ...turns,
    ...adaptiveTurns.flatMap(({ say, otherwise = '' }) => [say, otherwise]),
    ...documents.flatMap(({ title, text }) => [title, text]),
    ...tools.map(({ name, description, parameters }) => JSON.stringify({ name, description, parameters })),
  ];
  return {
    systemPrompt: systemPrompt ?? null,
    turns,
    adaptiveTurns,
    documents,
    tools: tools.map(({ name }) => name),
    bytes: texts.reduce((sum, text) => sum + utf8Bytes(text), 0),
  };
}

function shownParts(parts: readonly StimulusPart[]): readonly StimulusPart[] {
  return parts
    .slice(0, MAX_PARTS)
    .map((part) => ({ ...part, text: cutToBytes(part.text.trim(), MAX_PART_BYTES) }));
}

function shortest({ reduced, bytes, originalBytes, verified }: FollowUpReport['minimalStimulus']): string {
  if (verified === null) return 'A shorter stimulus failed once and did not again.';
  const again = `${verified.count} of ${verified.n} fresh plays of it failed`;
  return reduced
    ? `It still fails with ${bytes} of the ${originalBytes} bytes of its stimulus: ${again}.`
    : `No shorter stimulus was found to fail: ${again}.`;
}

/** Names a variation as one that loses the failure only where that is no chance, at the rate of all of them. */
function varied(results: readonly VariationResult[], { count, n }: Rate): string {
  const tell = playsToTell({ count, n });
  const lost = results.filter((result) => result.n >= tell && result.count === 0).map(({ change }) => change);
  const seen = `Varied, it failed in ${count} of ${n} plays`;
  return lost.length === 0 ? `${seen}.` : `${seen}, and in none ${lost.join(', ')}.`;
}
