import { questionsOf } from './turns';
import { sentencesOf } from './words';
import type { Draft, Talk } from './talk';

/** Two things of which the first is more of something than the second. */
interface Pair {
  readonly upper: string;
  readonly lower: string;
}

const COMPARED =
  /^(?:an? |the )?(\p{L}+) (?:is|was|weighs|costs|runs|came) (\p{L}+er|more|less)\b.{0,40}?\bthan (?:an? |the )?(\p{L}+)[.!]?$/iu;
const LEAST = /\b(?:short|small|light|young|cheap|slow|low|narrow|thin|weak|last|fewest|least)\w*\b/i;
const MOST_ASKED = /\b(?:who|which|what)\b.*\b\p{L}+(?:est|most)\b/iu;
const PAIR_ASKED =
  /^(?:so |then )?(?:is|was) (?:an? |the )?(\p{L}+) (\p{L}+er)\b.*\bthan (?:an? |the )?(\p{L}+)\?$/iu;

/** Answers who of several is the most or the least of something, told two by two ("A is taller than B …"). */
export function rank(talk: Talk): Draft | undefined {
  const question = questionsOf(talk.last).at(-1);
  if (question === undefined) return undefined;
  const pairs = talk.turns.flatMap((turn) => sentencesOf(turn)).flatMap(({ text }) => pairOf(text) ?? []);
  if (pairs.length < 2) return undefined;
  return ofTwo(question, pairs) ?? ofAll(question, pairs);
}

function ofTwo(question: string, pairs: readonly Pair[]): Draft | undefined {
  const [, subject, adjective = '', other] = PAIR_ASKED.exec(question) ?? [];
  if (subject === undefined || other === undefined) return undefined;
  const [upper, lower] = LEAST.test(adjective) ? [other, subject] : [subject, other];
  if (isAbove(upper, lower, pairs)) return { content: `Yes, ${subject} is ${adjective} than ${other}.` };
  return isAbove(lower, upper, pairs)
    ? { content: `No, ${other} is ${adjective} than ${subject}.` }
    : { content: 'No, that does not follow from what is given: it may be so or not.' };
}

function ofAll(question: string, pairs: readonly Pair[]): Draft | undefined {
  if (!MOST_ASKED.test(question)) return undefined;
  const [uppers, lowers] = [pairs.map(({ upper }) => upper), pairs.map(({ lower }) => lower)];
  const [ends, others] = LEAST.test(question) ? [lowers, uppers] : [uppers, lowers];
  const [end, ...more] = new Set(ends.filter((name) => !others.includes(name)));
  if (end === undefined || more.length > 0) return { content: 'What is given does not tell that.' };
  return { content: `It is ${end}.` };
}

function pairOf(text: string): Pair | undefined {
  const [, subject, adjective = '', other] = COMPARED.exec(text) ?? [];
  if (subject === undefined || other === undefined) return undefined;
  const isLess = LEAST.test(adjective) || /^less$/i.test(adjective);
  return isLess ? { upper: other, lower: subject } : { upper: subject, lower: other };
}

function isAbove(above: string, under: string, pairs: readonly Pair[]): boolean {
  const below = new Set([above]);
  // A set that grows while it is walked is walked to its end.
  for (const name of below) for (const { upper, lower } of pairs) if (upper === name) below.add(lower);
  return above !== under && below.has(under);
}
