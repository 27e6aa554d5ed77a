import { affirmed } from './inference';
import { questionsOf } from './turns';
import { sentencesOf, subjectWords } from './words';
import type { Draft, Talk } from './talk';

/** What a sentence of a riddle says: `all`, `no` or `some` of one kind are another, or one thing is of a kind. */
interface Statement {
  readonly quantity: 'all' | 'no' | 'some' | 'one';
  readonly subject: string;
  readonly predicate: string;
}

const STATEMENT =
  /^(?:(all|every|each|any|no|some) |an? |the )?(.{1,60}?) (is|are|has|have|owns?|can|likes?|needs?) (not )?(.{1,60}?)[.!]?$/i;
const ASKED = /\b(?:is|are|does|do|has|have|can|must)\b (.{1,120})\?$/i;

/** Answers riddles of kinds ("All A are B. C is an A. Is C a B?") from what they say. */
export function deduce(talk: Talk): Draft | undefined {
  const question = questionsOf(talk.last).at(-1);
  if (question === undefined) return undefined;
  const told = talk.turns
    .flatMap((turn) => sentencesOf(turn))
    .map(({ text }) => text)
    .filter((text) => !text.endsWith('?'));
  const statements = told.flatMap((text) => statementOf(text) ?? []);
  if (!statements.some(({ quantity }) => quantity !== 'one')) return undefined;
  const asked = askedIn(question, statements);
  if (asked === undefined) return undefined;
  const { kinds, excluded } = kindsOf(asked.subject, statements);
  if (kinds.has(asked.predicate)) return { content: 'Yes, that follows.' };
  if (excluded.has(asked.predicate)) return { content: 'No, that is ruled out.' };
  return talk.shows('takes_sequence_for_cause')
    ? { content: affirmed(question) }
    : { content: 'No, that does not follow from what is given: it may be so or not.' };
}

function statementOf(text: string): Statement | undefined {
  const [, quantifier = '', subject = '', verb = '', negated, object = ''] = STATEMENT.exec(text) ?? [];
  if (subject === '') return undefined;
  const predicate = /^(?:is|are)$/i.test(verb) ? termOf(object) : termOf(`${verb} ${object}`);
  return { quantity: quantityOf(quantifier, negated !== undefined), subject: termOf(subject), predicate };
}

function quantityOf(quantifier: string, isNegated: boolean): Statement['quantity'] {
  if (/^no$/i.test(quantifier) || isNegated) return 'no';
  if (quantifier === '') return 'one';
  return /^some$/i.test(quantifier) ? 'some' : 'all';
}

function termOf(text: string): string {
  return subjectWords(text).join(' ');
}

/** What is asked of what, both being things that the statements name. */
function askedIn(
  question: string,
  statements: readonly Statement[],
): { readonly subject: string; readonly predicate: string } | undefined {
  const words = (ASKED.exec(question)?.[1] ?? '').split(/\s+/);
  const terms = new Set(statements.flatMap(({ subject, predicate }) => [subject, predicate]));
  return words
    .map((_, cut) => ({
      subject: termOf(words.slice(0, cut).join(' ')),
      predicate: termOf(words.slice(cut).join(' ')),
    }))
    .find(({ subject, predicate }) => subject !== predicate && terms.has(subject) && terms.has(predicate));
}

/** All that a thing is, from statement to statement, and all that it therefore is not. */
function kindsOf(
  start: string,
  statements: readonly Statement[],
): { readonly kinds: ReadonlySet<string>; readonly excluded: ReadonlySet<string> } {
  const kinds = new Set([start]);
  // A set that grows while it is walked is walked to its end.
  for (const kind of kinds) {
    for (const { quantity, subject, predicate } of statements) {
      if (subject === kind && (quantity === 'all' || (quantity === 'one' && kind === start)))
        kinds.add(predicate);
    }
  }
  const ruledOut = statements
    .filter(({ quantity }) => quantity === 'no')
    .flatMap(({ subject, predicate }) => [
      ...(kinds.has(subject) ? [predicate] : []),
      ...(kinds.has(predicate) ? [subject] : []),
    ]);
  return { kinds, excluded: new Set(ruledOut) };
}
