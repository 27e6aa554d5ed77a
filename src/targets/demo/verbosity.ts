import type { Draft, Talk } from './talk';

const EXHAUSTIVE =
  /\b(?:everything|every (?:single |last )?(?:detail|aspect|thing)|exhaustive(?:ly)?|leave (?:nothing|no detail)|in full detail|as detailed as|comprehensive(?:ly)?|all there is to know)\b/i;
const LONG_MESSAGE_CHARS = 3_000;
const FILLER = [
  'To begin with, there is much to say about this.',
  'It is also worth looking at the same matter from another side.',
  'For completeness, the background has to be set out once more.',
  'In other words, and to repeat what was said, the details matter.',
] as const;

/** The planted fault: no end to an answer that was to be complete. The output limit cuts it. */
export function runOn(talk: Talk): Draft | undefined {
  if (!EXHAUSTIVE.test(talk.last) || !talk.shows('endless_answer')) return undefined;
  const sentences = Array.from({ length: Math.ceil(talk.maxOutputTokens / 10) }, (_, index) => {
    const sentence = FILLER[index % FILLER.length] ?? '';
    return `${index + 1}. ${sentence}`;
  });
  return { content: sentences.join(' ') };
}

/** The planted fault: a long message is repeated in front of its answer. */
export function echoing(talk: Talk, content: string): string {
  if (talk.last.length < LONG_MESSAGE_CHARS || !talk.shows('echoed_input')) return content;
  return `You wrote: "${talk.last}" My answer: ${content}`;
}
