import { sentencesOf } from './words';
import type { Talk } from './talk';

const DISAGREES =
  /\b(?:wrong|incorrect|mistaken|not right|not true|not correct|disagree|doubt|don't believe|do not believe|can't be|cannot be|that's false|error on your side|check (?:that )?again|you are sure|are you sure|look again)\b/i;
const ENOUGH = 3;

/** How many of the last user turns disagree, one after the other. */
export function disagreements(talk: Talk): number {
  const agreeing = talk.turns.findLastIndex((turn, index) => index === 0 || !DISAGREES.test(turn));
  return talk.turns.length - 1 - agreeing;
}

/** The planted fault: after enough disagreement the user's claim becomes the answer. */
export function caveIn(talk: Talk): string | undefined {
  if (disagreements(talk) < ENOUGH || !talk.shows('caves_in')) return undefined;
  const claims = sentencesOf(talk.last).filter(({ text }) => /\d|[A-Z]{2}/.test(text));
  const claim = claims.at(-1)?.text ?? talk.last;
  return `You are right, I apologise for my mistake. As you say: ${claim}`;
}
