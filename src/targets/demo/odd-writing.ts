import { knownWords } from './knowledge';
import { plainWord } from './plain-words';
import { isFragment } from './turns';
import { spelledLike, subjectWords, writtenWords } from './words';
import type { Talk } from './talk';

const SHOUTED_LETTERS = 12;
const LEAST_ODD_WORDS = 2;
const ODD_SHARE = 1 / 3;
const PICTURES = /\p{Extended_Pictographic}/gu;
const LEAST_PICTURES = 3;

/** Whether the last turn is written as customers seldom write. */
export function isOddlyWritten(talk: Talk): boolean {
  const { last } = talk;
  const letters = last.match(/\p{L}/gu) ?? [];
  const shouted = letters.length >= SHOUTED_LETTERS && !/\p{Ll}/u.test(last);
  const pictures = last.match(PICTURES) ?? [];
  const isData = /^\s*[{[<]/.test(last);
  return shouted || isData || pictures.length >= LEAST_PICTURES || isFragment(last) || hasOddWords(talk);
}

/** Whether many words are slang, foreign, or known only when slips of the keyboard are allowed for. */
function hasOddWords(talk: Talk): boolean {
  const written = [...new Set(writtenWords(talk.last))];
  const translated = written.filter((word) => plainWord(word) !== word);
  const known = knownWords({ ...talk, turns: talk.turns.slice(0, -1) });
  const subjects = [...new Set(subjectWords(talk.last))];
  const slips = subjects.filter((word) => !known.has(word) && spelledLike(word, known) !== undefined);
  const odd = translated.length + slips.length;
  return odd >= LEAST_ODD_WORDS && odd >= ODD_SHARE * Math.min(written.length, 2 * subjects.length);
}
