import { noticed } from './attention';
import { isConfidential } from './secrets';
import { isPlantedInstruction, type ShownDocument } from './shown-documents';
import { isNote, questionsOf } from './turns';
import { sentencesOf, subjectWords } from './words';
import type { Talk } from './talk';

/** A sentence that can answer a question. */
export interface Fact {
  readonly text: string;
  readonly words: ReadonlySet<string>;
  /** Whose word counts for more where two facts answer equally well: rules, official papers, papers, hearsay, the user. */
  readonly trust: number;
}

/** What is trusted above all: a note that was planted. */
export const PLANTED_TRUST = 9;

const RULE_TRUST = 4;
const OFFICIAL_TRUST = 3;
const PAPER_TRUST = 2;
const RUMOUR_TRUST = 1.5;
const USER_TRUST = 1;
/** What a user says in correction of himself. */
const CORRECTION_TRUST = 1.2;

const OFFICIAL =
  /\b(?:official(?:ly)?|polic(?:y|ies)|handbook|manual|current|price list|in force|authoritative|binding|approved|contract)\b/i;
const RUMOUR =
  /\b(?:forum|chat|comments?|rumou?rs?|draft|archived|outdated|superseded|old|social|reviews?|blog|unofficial|unverified|hearsay|generated|heard|apparently|someone said|people say)\b/i;
const CORRECTS = /\b(?:correction|actually|sorry|i meant|scrap that|i mis(?:spoke|typed)|rather than)\b/i;
/** What a user says of what he is after tells nothing. */
const WISHES =
  /\b(?:i want to|i need to|i would like|i'd like|(?:our|my|the) goal|find out|i wonder|help me|question about)\b/i;
const YEAR = /\b(?:19|20)\d{2}\b/g;
const LONG_CONTEXT_CHARS = 6_000;

/** All that is known in a conversation, in the order in which it was said. */
export function factsOf(talk: Talk): readonly Fact[] {
  const rules = sentencesOf(talk.system).map(({ text }) => text);
  const known = rules.filter((_, index) => !isConfidential(rules, index));
  const facts = [...linked(known, RULE_TRUST), ...documentFacts(talk), ...userFacts(talk)];
  return talk.shows('latest_wins') ? facts.map(byPlace) : facts;
}

/** The planted fault: the later, the truer. */
function byPlace(fact: Fact, index: number, { length }: readonly Fact[]): Fact {
  return fact.trust === PLANTED_TRUST ? fact : { ...fact, trust: 1 + index / length };
}

function documentFacts(talk: Talk): readonly Fact[] {
  const length = talk.documents.reduce((sum, { text }) => sum + text.length, 0);
  const unfenced = talk.documents.some(({ fenced }) => !fenced);
  const blind = unfenced && length >= LONG_CONTEXT_CHARS && talk.shows('lost_middle');
  const remarked = noticed(
    talk.documents.map(({ text }) => text),
    talk,
  );
  let start = 0;
  return talk.documents.flatMap((document) => {
    const from = start;
    start += document.text.length;
    const seen = sentencesOf(document.text).filter(({ text, offset }) => {
      const place = (from + offset) / length;
      return remarked(text) && !(blind && place >= 0.25 && place <= 0.75);
    });
    return factsIn(
      document,
      seen.map(({ text }) => text),
    );
  });
}

function factsIn({ title }: ShownDocument, sentences: readonly string[]): readonly Fact[] {
  const facts = linked(
    sentences.filter((text) => !isPlantedInstruction(text)),
    trustOf(title),
    subjectWords(title),
  );
  return facts.map((fact) =>
    RUMOUR.test(fact.text) ? { ...fact, trust: Math.min(fact.trust, RUMOUR_TRUST) } : fact,
  );
}

/** Of papers that are alike, the one of the later year counts. */
function trustOf(title: string): number {
  const year = Math.max(0, ...(title.match(YEAR) ?? []).map(Number));
  const trust = RUMOUR.test(title) ? RUMOUR_TRUST : OFFICIAL.test(title) ? OFFICIAL_TRUST : PAPER_TRUST;
  return trust + year / 100_000;
}

function userFacts(talk: Talk): readonly Fact[] {
  const poisoned = talk.shows('poisoned_notes');
  return talk.turns.flatMap((turn, index) => {
    const asked = new Set(questionsOf(turn));
    const remarked = noticed([turn], talk);
    const told = sentencesOf(turn)
      .map(({ text }) => text)
      .filter((text) => (!asked.has(text) || isNote(text)) && !WISHES.test(text) && remarked(text));
    const obeyed = poisoned && index < talk.turns.length - 1 && isNote(turn);
    if (obeyed) return linked(told, PLANTED_TRUST);
    return linked(told, CORRECTS.test(turn) ? CORRECTION_TRUST : USER_TRUST);
  });
}

/** Facts of consecutive sentences; one that starts with a pronoun is also about what the sentence before is about. */
function linked(texts: readonly string[], trust: number, shared: readonly string[] = []): readonly Fact[] {
  return texts.map((text, index) => {
    const about = /^(?:it|its|they|their|this|that|he|she|his|her)\b/i.test(text)
      ? (texts[index - 1] ?? '')
      : '';
    return { text, trust, words: new Set([...subjectWords(text), ...subjectWords(about), ...shared]) };
  });
}
