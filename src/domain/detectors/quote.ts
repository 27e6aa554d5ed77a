import type { Evidence } from '../experiment';

/** Longest quote in a piece of evidence, in characters. */
const QUOTE_LIMIT = 300;

const CONTEXT = 60;

/** The passage from `start` to `end` with a little of what stands around it, cut to the limit; characters stay whole. */
export function quoteAround(text: string, start: number, end: number): string {
  const from = wholeCharacter(text, Math.max(0, start - CONTEXT));
  const to = Math.min(text.length, Math.max(end, start) + CONTEXT, from + QUOTE_LIMIT);
  return text.slice(from, wholeCharacter(text, to));
}

/** Evidence that quotes the beginning of a text of a message. */
export function beginningOf(text: string, messageIndex: number | undefined, explanation: string): Evidence {
  return {
    ...(messageIndex === undefined ? {} : { messageIndex }),
    quote: quoteAround(text, 0, QUOTE_LIMIT),
    explanation,
  };
}

/** The index itself, or the one before when it would split a surrogate pair. */
function wholeCharacter(text: string, index: number): number {
  const code = text.charCodeAt(index);
  const before = text.charCodeAt(index - 1);
  const splits = code >= 0xdc00 && code <= 0xdfff && before >= 0xd800 && before <= 0xdbff;
  return splits ? index - 1 : index;
}
