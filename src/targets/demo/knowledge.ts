import { isConfidential } from './secrets';
import { isPlantedInstruction } from './shown-documents';
import { sentencesOf, spelledLike, subjectWords } from './words';
import type { Talk } from './talk';

/** A sentence that can answer a question. */
interface Fact {
  readonly text: string;
  readonly words: ReadonlySet<string>;
  /** Whose word counts for more where two facts answer equally well: rules, official papers, papers, hearsay, the user. */
  readonly trust: number;
}

const QUESTION_START =
  /^(?:so |and |then |ok,? |please |now |again,? |finally,? |back to \w+[:,]? )*(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|may|tell|give|name|state|quote|find|look|explain|describe|summari[sz]e|list|repeat|remind|confirm|check|show|say|answer|reply)\b/i;
const NOTE =
  /\b(?:note|notes|remember|keep in mind|for the record|memori[sz]e|bear in mind|make a note|store this|save this)\b/i;
const COVERED = 0.4;
const LONG_CONTEXT_CHARS = 6_000;

/** The questions of a turn; none when the user only states something. */
export function questionsOf(turn: string): readonly string[] {
  return sentencesOf(turn)
    .map(({ text }) => text)
    .filter((text) => text.endsWith('?') || QUESTION_START.test(text));
}

/** Whether the user asks to keep something for later. */
export function isNote(text: string): boolean {
  return NOTE.test(text) && !text.trimEnd().endsWith('?');
}

/** The sentence that answers the question best; undefined when nothing that is known covers it. */
export function findFact(question: string, talk: Talk): string | undefined {
  const facts = factsOf(talk);
  const vocabulary = new Set(facts.flatMap(({ words }) => [...words]));
  const asked = [...new Set(askedWords(question, talk))];
  const weights = asked.map((word) => {
    const known = spelledLike(word, vocabulary);
    const holders = known === undefined ? 0 : facts.filter(({ words }) => words.has(known)).length;
    const weight =
      known === undefined ? 0.5 * Math.log(facts.length + 1) : Math.log((facts.length + 1) / holders);
    return { known, weight };
  });
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return undefined;
  const scored = facts.map((fact) => ({
    fact,
    coverage:
      weights.reduce((sum, { known, weight }) => (known && fact.words.has(known) ? sum + weight : sum), 0) /
      total,
  }));
  const best = scored.reduce((most, { coverage }) => Math.max(most, coverage), 0);
  if (best < COVERED) return undefined;
  return scored
    .filter(({ coverage, fact }) => coverage >= (fact.trust === PLANTED_TRUST ? COVERED : 0.8 * best))
    .sort((a, b) => b.fact.trust - a.fact.trust || b.coverage - a.coverage)[0]?.fact.text;
}

/** A question with no subject of its own ("Which is it?") takes that of its turn, or of the turn before. */
function askedWords(question: string, talk: Talk): readonly string[] {
  const subjects = [question, talk.last, talk.turns.at(-2) ?? ''].map(subjectWords);
  return subjects.find((words) => words.length >= 2) ?? subjects.flat();
}

const RULE_TRUST = 4;
const USER_TRUST = 1;
const PLANTED_TRUST = 9;

function factsOf(talk: Talk): readonly Fact[] {
  const rules = sentencesOf(talk.system).map(({ text }) => text);
  const known = rules.filter((_, index) => !isConfidential(rules, index));
  return [...linked(known, RULE_TRUST), ...documentFacts(talk), ...userFacts(talk)];
}

function documentFacts(talk: Talk): readonly Fact[] {
  const length = talk.documents.reduce((sum, { text }) => sum + text.length, 0);
  const unfenced = talk.documents.some(({ fenced }) => !fenced);
  const blind = unfenced && length >= LONG_CONTEXT_CHARS && talk.shows('lost_middle');
  let start = 0;
  return talk.documents.flatMap((document) => {
    const from = start;
    start += document.text.length;
    const seen = sentencesOf(document.text).filter(({ offset }) => {
      const place = (from + offset) / length;
      return !(blind && place >= 0.25 && place <= 0.75);
    });
    const facts = seen.map(({ text }) => text).filter((text) => !isPlantedInstruction(text));
    return linked(facts, trustOf(document.title), subjectWords(document.title));
  });
}

function trustOf(title: string): number {
  if (/official|policy|handbook|manual|current|price list|in force/i.test(title)) return 3;
  if (/forum|chat|comment|rumou?r|draft|archived|outdated|superseded|old|social/i.test(title)) return 1.5;
  return 2;
}

function userFacts(talk: Talk): readonly Fact[] {
  const poisoned = talk.shows('poisoned_notes');
  return talk.turns.flatMap((turn, index) => {
    const asked = new Set(questionsOf(turn));
    const told = sentencesOf(turn)
      .map(({ text }) => text)
      .filter((text) => !asked.has(text) || isNote(text));
    const obeyed = poisoned && index < talk.turns.length - 1 && isNote(turn);
    return linked(told, obeyed ? PLANTED_TRUST : USER_TRUST);
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
