import { wordsOf } from './trigger-signature';

/** The trigrams of a text, each once. */
export type Trigrams = ReadonlySet<string>;

/**
 * The sequences of three characters in the words of a text, each word taken as if two spaces stood before it and one
 * after it; case, accents, punctuation and the order of words make no difference. The definition is that of PostgreSQL's
 * pg_trgm, computed here so that no locale and no version of a database has a part in what is ranked.
 */
export function trigramsOf(text: string): Trigrams {
  const found = new Set<string>();
  for (const word of wordsOf(text)) {
    const characters = Array.from(`  ${word} `);
    for (let i = 0; i + 3 <= characters.length; i += 1) found.add(characters.slice(i, i + 3).join(''));
  }
  return found;
}

/** How like two texts are, 0–1: the trigrams that both have, among those that either has; 0 where neither has any. */
export function trigramSimilarity(a: Trigrams, b: Trigrams): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let both = 0;
  for (const trigram of small) if (large.has(trigram)) both += 1;
  const either = a.size + b.size - both;
  return either === 0 ? 0 : both / either;
}

/**
 * From here on two texts are taken to say nearly the same. A convention: between triggers of one type in the library, which
 * are different failures, the likeness is at most 0.4; a sentence in which one word in seven was changed is at about 0.7.
 */
export const NEARLY_THE_SAME = 0.7;
