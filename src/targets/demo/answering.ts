import { findFact } from './knowledge';
import { isOddlyWritten } from './odd-writing';
import { isFragment, isNote, questionsOf } from './turns';
import { sentencesOf, subjectWords } from './words';
import type { Draft, Talk } from './talk';

/** Of a turn that asks more, the last ones are answered. */
const MOST_QUESTIONS = 5;

/** Answers questions with what is known, in the words in which it is known. */
export function answerFromKnowledge(talk: Talk): Draft | undefined {
  const known = isFragment(talk.last) ? { ...talk, turns: talk.turns.slice(0, -1) } : talk;
  const facts = askedIn(talk.last).flatMap((question) => findFact(question, known) ?? []);
  if (facts.length === 0) return undefined;
  if (talk.shows('lost_off_script') && isOddlyWritten(talk)) {
    return { content: 'Sorry, I did not understand that.' };
  }
  const said = talk.shows('mixes_subjects') ? facts.map((fact) => twinOf(fact, talk) ?? fact) : facts;
  return { content: [...new Set(said)].join(' ') };
}

function askedIn(turn: string): readonly string[] {
  if (isFragment(turn)) return [turn];
  return questionsOf(turn)
    .filter((question) => !isNote(question))
    .slice(-MOST_QUESTIONS);
}

/** What users or documents say of another thing in words of which half are the same; undefined where nothing is alike. */
function twinOf(fact: string, talk: Talk): string | undefined {
  const words = new Set(subjectWords(fact));
  const texts = [...talk.turns, ...talk.documents.map(({ text }) => text)];
  const sentences = texts.flatMap((text) => sentencesOf(text).map((sentence) => sentence.text));
  if (!sentences.includes(fact)) return undefined;
  return sentences
    .filter((other) => other !== fact && questionsOf(other).length === 0)
    .find((other) => {
      const shared = [...new Set(subjectWords(other))].filter((word) => words.has(word));
      return shared.length >= 2 && shared.length * 2 >= words.size;
    });
}
