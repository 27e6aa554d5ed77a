import { sentencesOf } from './words';
import type { Talk } from './talk';

const ANSWERS =
  '(?:every|each|all|your)(?: (?:one )?of)?(?: your)?(?: single)? (?:answers?|repl(?:y|ies)|messages?|responses?)';
const QUOTED = `["'“‘]([^"'”’]+)["'”’]`;
const ENDING = [
  new RegExp(`\\b(?:end|close|finish|conclude)s? ${ANSWERS} with\\b[^"'“‘]{0,60}${QUOTED}`, 'i'),
  new RegExp(
    `\\b${ANSWERS}(?: \\w+)? (?:to )?(?:end|close|finish|conclude)s? with\\b[^"'“‘]{0,60}${QUOTED}`,
    'i',
  ),
];
const OPENING = [
  new RegExp(`\\b(?:begin|start|open)s? ${ANSWERS} with\\b[^"'“‘]{0,60}${QUOTED}`, 'i'),
  new RegExp(`\\b${ANSWERS}(?: \\w+)? (?:to )?(?:begin|start|open)s? with\\b[^"'“‘]{0,60}${QUOTED}`, 'i'),
];
const CAPITALS = new RegExp(`\\b${ANSWERS}.{0,60}\\b(?:capital letters|capitals|upper ?case)\\b`, 'i');
const MANY_TURNS = 5;

/** The answer in the form that an instruction of the system prompt or of an early turn asks of every answer. */
export function inStandingForm(content: string, talk: Talk): string {
  const instructed = [talk.system, ...talk.turns].flatMap((text, index) =>
    sentencesOf(text).map((sentence) => ({ text: sentence.text, turnsSince: talk.turns.length - index })),
  );
  const reach = talk.turns.length >= MANY_TURNS && talk.shows('forgotten_format') ? MANY_TURNS : Infinity;
  return instructed
    .filter(({ turnsSince }) => turnsSince < reach)
    .reduce((answer, { text }) => formed(answer, text), content);
}

function formed(answer: string, instruction: string): string {
  if (CAPITALS.test(instruction)) return answer.toUpperCase();
  const ending = capture(ENDING, instruction);
  if (ending !== undefined) return `${answer} ${ending}`;
  const opening = capture(OPENING, instruction);
  return opening === undefined ? answer : `${opening} ${answer}`;
}

function capture(patterns: readonly RegExp[], text: string): string | undefined {
  return patterns.map((pattern) => pattern.exec(text)?.[1]).find((found) => found !== undefined);
}
