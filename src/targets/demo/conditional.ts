import { affirmed } from './inference';
import { questionsOf } from './turns';
import { sentencesOf, subjectWords } from './words';
import type { Draft, Talk } from './talk';

const CONDITION = /^(?:if|when|whenever) (.+?)(?:, then|,| then) (.+?)[.!]?$/i;
const NEGATED = /\b(?:not|no|never)\b|n['’]t\b/i;
const YES_OR_NO = /^(?:so |then )?(?:is|are|was|were|does|do|did|has|must|will|can)\b/i;
const UNDECIDED: Draft = { content: 'No, that does not follow from what is given: it may be so or not.' };

/** Answers what a condition ("If A, B.") makes of a second statement: B of A, not A of not B, and nothing else. */
export function concludeFromCondition(talk: Talk): Draft | undefined {
  const question = questionsOf(talk.last).findLast((text) => YES_OR_NO.test(text));
  if (question === undefined) return undefined;
  const told = talk.turns
    .flatMap((turn) => sentencesOf(turn))
    .map(({ text }) => text)
    .filter((text) => text !== question);
  const condition = told.map((text) => CONDITION.exec(text)).find((found) => found !== null);
  return condition === undefined ? undefined : concluded(question, condition, told, talk);
}

function concluded(
  question: string,
  [, before = '', after = '']: readonly string[],
  told: readonly string[],
  talk: Talk,
): Draft | undefined {
  const statements = told.filter((text) => !CONDITION.test(text));
  const [isBefore, isAfter] = [truthOf(before, statements), truthOf(after, statements)];
  if (speaksOf(question, after) && isBefore !== undefined) {
    return isBefore ? { content: `Yes, that follows: ${after}.` } : unfounded(question, talk);
  }
  if (!speaksOf(question, before) || isAfter === undefined) return undefined;
  return isAfter ? unfounded(question, talk) : { content: 'No, that is ruled out by what is given.' };
}

function unfounded(question: string, talk: Talk): Draft {
  return talk.shows('takes_sequence_for_cause') ? { content: affirmed(question) } : UNDECIDED;
}

/** Whether a statement affirms a clause or denies it; undefined when none speaks of it. */
function truthOf(clause: string, statements: readonly string[]): boolean | undefined {
  const statement = statements.find((text) => speaksOf(text, clause));
  return statement === undefined ? undefined : NEGATED.test(statement) === NEGATED.test(clause);
}

function speaksOf(text: string, clause: string): boolean {
  const words = new Set(subjectWords(text));
  const wanted = subjectWords(clause);
  return wanted.length > 0 && wanted.every((word) => words.has(word));
}
