import { questionsOf } from './turns';
import type { Draft, Talk } from './talk';

const MORE =
  /\b(?:larger|largest|bigger|biggest|greater|greatest|more|most|higher|highest|heavier|heaviest|longer|longest|wider|widest|taller|tallest|deeper|deepest|thicker|thickest|dearer|max(?:imum)?)\b/i;
const LESS =
  /\b(?:smaller|smallest|less|least|fewer|lower|lowest|lighter|lightest|shorter|shortest|cheaper|cheapest|thinner|thinnest|narrower|narrowest|min(?:imum)?)\b/i;
const NUMBER = /(?<![\w.-])\d+(?:\.\d+)?(?![\w-])(?!\.\d)/g;
const OPERATION =
  /(\d+(?:\.\d+)?)\s*(?:[a-z]+ )?(\+|plus|and then another|-|minus|less|\*|×|x|times|multiplied by)\s*(\d+(?:\.\d+)?)/i;

/** Calculates and compares the figures that a question itself gives. */
export function workWithFigures(talk: Talk): Draft | undefined {
  const question = questionsOf(talk.last).at(-1);
  if (question === undefined) return undefined;
  return calculate(talk.last) ?? compare(talk);
}

function calculate(text: string): Draft | undefined {
  const [, left, operator, right] = OPERATION.exec(text) ?? [];
  if (left === undefined || operator === undefined || right === undefined) return undefined;
  const [a, b] = [Number(left), Number(right)];
  const result = /^(?:\+|plus|and)/i.test(operator)
    ? a + b
    : /^(?:-|minus|less)/i.test(operator)
      ? a - b
      : a * b;
  return { content: `The result is ${Number(result.toFixed(6))}.` };
}

function compare(talk: Talk): Draft | undefined {
  const wantsMore = MORE.test(talk.last);
  if (!wantsMore && !LESS.test(talk.last)) return undefined;
  const numbers = [...new Set(talk.last.match(NUMBER))];
  if (numbers.length < 2) return undefined;
  const order = talk.shows('decimal_versions') ? byVersion : byValue;
  const sorted = [...numbers].sort(order);
  const [winner, runnerUp] = wantsMore ? [sorted.at(-1), sorted.at(-2)] : sorted;
  if (/\b(?:only|just|nothing else)\b/i.test(talk.last)) return { content: `${winner}` };
  return { content: `${winner} is ${wantsMore ? 'more' : 'less'} than ${runnerUp}.` };
}

function byValue(a: string, b: string): number {
  return Number(a) - Number(b);
}

/** The planted fault: the digits after the point are taken for a whole number, as in a version. */
function byVersion(a: string, b: string): number {
  const [wholeA = 0, partA = 0] = a.split('.').map(Number);
  const [wholeB = 0, partB = 0] = b.split('.').map(Number);
  return wholeA - wholeB || partA - partB;
}
