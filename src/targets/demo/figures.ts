import { calculated } from './arithmetic';
import { questionsOf } from './turns';
import type { Draft, Talk } from './talk';

const MORE =
  /\b(?:larger|largest|bigger|biggest|greater|greatest|more|most|higher|highest|heavier|heaviest|longer|longest|wider|widest|taller|tallest|deeper|deepest|thicker|thickest|dearer|max(?:imum)?)\b/i;
const LESS =
  /\b(?:smaller|smallest|less|least|fewer|lower|lowest|lighter|lightest|shorter|shortest|cheaper|cheapest|thinner|thinnest|narrower|narrowest|min(?:imum)?)\b/i;
const NUMBER = /(?<![\w.-])\d+(?:\.\d+)?(?![\w-])(?!\.\d)/g;
const SORT = /^(?:please |can you |could you )*(?:sort|rank|arrange|put|order)\b/i;
const DOWNWARDS =
  /\b(?:descending|decreasing|(?:largest|biggest|highest|greatest|large|big|high) (?:first|to)|from (?:large|big|high)\w*)\b/i;
const TOTAL = /\b(?:total|altogether|sum|in all|combined)\b/i;
const EACH = /\b(?:each|apiece|per|every|holds?|contains?|carr(?:y|ies)|fits?)\b/i;
const REST = /\b(?:left|remain\w*|left over)\b/i;

/** Calculates, compares and sorts the figures that a question itself gives. */
export function workWithFigures(talk: Talk): Draft | undefined {
  if (SORT.test(talk.last)) return sorted(talk);
  if (questionsOf(talk.last).length === 0) return undefined;
  const result = calculated(talk.last) ?? storyResult(talk.last);
  if (result !== undefined) return { content: `The result is ${result}.` };
  return compare(talk);
}

function numbersIn(text: string): readonly string[] {
  return text.match(NUMBER) ?? [];
}

/** The result of a calculation that is told: what is left, a total, so many of so much. */
function storyResult(text: string): number | undefined {
  const [first, ...others] = numbersIn(text).map(Number);
  if (first === undefined || others.length === 0 || !/\bhow (?:many|much)\b|\btotal\b|\bsum\b/i.test(text))
    return undefined;
  const sum = others.reduce((total, number) => total + number, 0);
  if (REST.test(text)) return rounded(first - sum);
  if (EACH.test(text) && others.length === 1) return rounded(first * sum);
  return TOTAL.test(text) ? rounded(first + sum) : undefined;
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}

function compare(talk: Talk): Draft | undefined {
  const wantsMore = MORE.test(talk.last);
  if (!wantsMore && !LESS.test(talk.last)) return undefined;
  const numbers = [...new Set(numbersIn(talk.last))];
  if (numbers.length < 2) return undefined;
  const inOrder = [...numbers].sort(orderOf(talk));
  const [winner, runnerUp] = wantsMore ? [inOrder.at(-1), inOrder.at(-2)] : inOrder;
  if (/\b(?:only|just|nothing else)\b/i.test(talk.last)) return { content: `${winner}` };
  return { content: `${winner} is ${wantsMore ? 'more' : 'less'} than ${runnerUp}.` };
}

function sorted(talk: Talk): Draft | undefined {
  const numbers = [...numbersIn(talk.last)].sort(orderOf(talk));
  if (numbers.length < 2) return undefined;
  return { content: (DOWNWARDS.test(talk.last) ? numbers.reverse() : numbers).join(', ') };
}

function orderOf(talk: Talk): (a: string, b: string) => number {
  return talk.shows('decimal_versions') ? byVersion : byValue;
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
