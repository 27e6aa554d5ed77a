import { plainWord } from './plain-words';
import { sentencesOf, writtenWords } from './words';

const QUESTION_START =
  /^(?:so |and |then |ok,? |please |now |again,? |finally,? |back to \w+[:,]? )*(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|may|tell|give|name|state|quote|find|look|explain|describe|summari[sz]e|list|repeat|remind|confirm|check|show|say|answer|reply)\b/i;
const NOTE =
  /\b(?:note|notes|remember|keep in mind|for the record|memori[sz]e|bear in mind|make a note|store this|save this)\b/i;

const ASKS = /\?[\s"'”’)\]}]*(?:<\/[\w-]{1,40}>)?$/;
const STATES =
  /\b(?:is|are|was|were|am|be|have|has|had|do|does|did|will|would|can|could|must|should|i|we|you|he|she|they|my|our|me|us|please|thanks?|thank|hello|hi|hey|ok|okay|yes|no|good)\b/i;
const FRAGMENT_WORDS = 7;

/** The questions of a turn; none when the user only states something. */
export function questionsOf(turn: string): readonly string[] {
  return sentencesOf(turn)
    .map(({ text }) => text)
    .filter((text) => ASKS.test(text) || QUESTION_START.test(plain(text)));
}

function plain(text: string): string {
  return text.replace(/[\p{L}\p{N}]+/gu, (word) => plainWord(word.toLowerCase()));
}

/** Whether a turn is a few words without a verb, as typed into a search box. */
export function isFragment(turn: string): boolean {
  const count = writtenWords(turn).length;
  return count >= 2 && count <= FRAGMENT_WORDS && questionsOf(turn).length === 0 && !STATES.test(turn);
}

/** Whether the user asks to keep something for later. */
export function isNote(text: string): boolean {
  return NOTE.test(text) && !text.trimEnd().endsWith('?');
}
