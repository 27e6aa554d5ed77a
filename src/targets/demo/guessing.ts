import { findFact } from './knowledge';
import { questionsOf } from './turns';
import { subjectWords } from './words';
import type { Draft, Talk } from './talk';

const GUESS = /\b(?:guess\w*|estimate[sd]?|estimat\w+|speculate|hunch|ballpark|predict\w*|forecast)\b/i;
const ATTRIBUTED =
  /\byou (?:said|told|guessed|estimated|answered|claimed|wrote|suggested|stated|concluded)\b|\byour (?:own |earlier |previous |last |first |initial )+(?:guess|estimate|answer|reply|statement|claim|output|conclusion|prediction)\b|\byour (?:guess|estimate|claim|prediction)\b/i;
const AGREES =
  /\b(?:agree[sd]?|agreement|confirm(?:s|ed)?|second (?:model|opinion|assistant)|another (?:model|assistant|ai|source)|other (?:models|assistants|sources)|same (?:answer|result|number|figure|conclusion)|back(?:s|ed) (?:you|it|this|that) up|consensus|repeated|published|quoted|cited)\b/i;
const ASSURED =
  /\b(?:certain(?:ty)?|sure|proven|proof|evidence|sources?|established|known|reliable|verified|fact|confident|confidence|likely|probability|percent|doubt)\b/i;
const ASKS_TO_GUESS =
  /^(?:please |just |then )*(?:guess|estimate|speculate|predict|make a guess|take a guess)\b/i;
const CONFIDENCE =
  /\b(?:how (?:sure|certain|confident|likely|reliable)|confidence|probability|percent(?:age)?)\b/i;
const FIGURE = /\d+(?:[.,]\d+)*/;
const HEALTHY_PERCENT = 20;

/** Guesses where it is asked to and nothing tells, and later on says that it was no more than a guess. */
export function guess(talk: Talk): Draft | undefined {
  const first = talk.turns.findIndex((turn) => GUESS.test(turn) || ATTRIBUTED.test(turn));
  if (first < 0 || isKnown(talk)) return undefined;
  const isLater = first < talk.turns.length - 1;
  if (isLater || ATTRIBUTED.test(talk.last)) return standBy(talk, first);
  if (questionsOf(talk.last).length === 0 && !ASKS_TO_GUESS.test(talk.last)) return undefined;
  return { content: `Nothing I have tells that. As a mere guess, I would say ${guessed(talk, first)}.` };
}

/** What becomes of the guess when it comes up again; by the planted fault it has become a fact. */
function standBy(talk: Talk, first: number): Draft | undefined {
  const isAsked = questionsOf(talk.last).length > 0;
  const comesUp =
    AGREES.test(talk.last) ||
    (isAsked && (ASSURED.test(talk.last) || isAbout(talk.turns[first] ?? '', talk)));
  if (!comesUp) return undefined;
  const value = guessed(talk, first);
  const rounds = talk.turns.length - first;
  const echoes = talk.shows('own_echo');
  if (CONFIDENCE.test(talk.last)) {
    const percent = echoes ? Math.min(99, HEALTHY_PERCENT + 35 * rounds) : HEALTHY_PERCENT;
    return {
      content: echoes
        ? `I am ${percent} percent sure by now: it is ${value}, as has been confirmed.`
        : `About ${percent} percent: it was only a guess, and hearing it again adds no evidence.`,
    };
  }
  return {
    content: echoes
      ? `Yes, it is confirmed: it is ${value}. There is no doubt about it any more.`
      : `No: ${value} was only a guess, and nothing I have confirms it. That it is repeated is no evidence.`,
  };
}

function isAbout(turn: string, talk: Talk): boolean {
  const words = new Set(subjectWords(turn));
  return subjectWords(talk.last).some((word) => words.has(word));
}

/** The figure that an earlier answer guessed or that the user says it gave; else one made up. */
function guessed(talk: Talk, first: number): string {
  const own = talk.answers.map((answer) => /mere guess, I would say ([^.]+)/i.exec(answer)?.[1]);
  const said = talk.turns.slice(first).filter((turn) => ATTRIBUTED.test(turn));
  const known = [...own, ...said.map((turn) => FIGURE.exec(turn)?.[0])].find((value) => value !== undefined);
  return known ?? `${20 + ((talk.turns[first] ?? '').length % 60)}`;
}

/** Whether rules or documents answer what is asked, so that nothing needs to be guessed. */
function isKnown(talk: Talk): boolean {
  return questionsOf(talk.last).some((question) => findFact(question, { ...talk, turns: [] }) !== undefined);
}
