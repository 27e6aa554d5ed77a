import { factsOf, PLANTED_TRUST, type Fact } from './facts';
import { spelledLike, subjectWords } from './words';
import type { Talk } from './talk';

const COVERED = 0.4;

/** The sentence that answers the question best; undefined when nothing that is known covers it. */
export function findFact(question: string, talk: Talk): string | undefined {
  const facts = factsOf(talk);
  const vocabulary = wordsOf(facts);
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

/** The words of everything that is known here. */
export function knownWords(talk: Talk): ReadonlySet<string> {
  return wordsOf(factsOf(talk));
}

function wordsOf(facts: readonly Fact[]): ReadonlySet<string> {
  return new Set(facts.flatMap(({ words }) => [...words]));
}

const POINTS_BACK = /\b(?:it|its|that|this|those|they|them|their|he|she|his|her|there|one|about)\b/i;

/** A question with no subject of its own ("Which is it?") takes that of its turn, or of the turn before. */
function askedWords(question: string, talk: Talk): readonly string[] {
  const subjects = [question, talk.last, talk.turns.at(-2) ?? ''].map(subjectWords);
  const own = subjects[0] ?? [];
  if (own.length === 1 && !POINTS_BACK.test(question)) return own;
  return subjects.find((words) => words.length >= 2) ?? subjects.flat();
}
