import { sentencesOf, subjectWords } from './words';
import type { Talk } from './talk';

const LONG_TEXT_CHARS = 1_500;

/** Whether a sentence of some texts is noticed: all are but, by the planted fault, one unlike the rest of a long text. */
export function noticed(texts: readonly string[], talk: Talk): (sentence: string) => boolean {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length < LONG_TEXT_CHARS || !talk.shows('drowned_remark')) return () => true;
  const holders = new Map<string, number>();
  for (const { text } of texts.flatMap(sentencesOf)) {
    for (const word of new Set(subjectWords(text))) holders.set(word, (holders.get(word) ?? 0) + 1);
  }
  return (sentence) => {
    const words = [...new Set(subjectWords(sentence))];
    const recurring = words.filter((word) => (holders.get(word) ?? 0) > 1);
    return recurring.length * 2 >= words.length;
  };
}
