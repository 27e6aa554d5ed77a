import { questionsOf } from './turns';
import { sentencesOf, subjectWords } from './words';
import type { Draft, Talk } from './talk';

const CAUSAL =
  /\b(?:caus(?:e[sd]?|ing)|because|due to|conclude[sd]?|conclusion|prove[sdn]?|proof|responsible for|thanks to|follows? (?:that|from)|lead to|led to|infer(?:red)?|deduce[sd]?|impl(?:y|ies|ied)|means? that|meant that|therefore|result of|the reason|makes? (?:people|us|them|him|her|it))\b/i;
const STATES_CAUSE =
  /\b(?:caused|causes|because|due to|led to|leads to|the reason (?:was|is|for)|responsible for|as a result|thanks to|therefore)\b/i;
const DENIES = /\b(?:not|never|nothing|no)\b/i;
const GENERAL = /\b(?:all|every|always|any|each|only|whenever|no)\b/i;
const UNIVERSAL = /^(?:all|every|each|any|whoever|whenever|no)\b/i;
const VERB = /\b(?:is|are|goes|go|gets?|has|have|must|costs?|needs?)\b/i;
const AUXILIARY = /^(?:so |and |then |now )*(?:do|does|did|can|could|must|may|will|would)\s+/i;
const OPEN_QUESTION = /^(?:so |and |then |now )*(?:what|why|who|which|how)\b/i;

/** Answers whether one thing follows from another: only where it is said so, or a general rule leads there. */
export function inferCautiously(talk: Talk): Draft | undefined {
  const question = questionsOf(talk.last).findLast((text) => CAUSAL.test(text));
  if (question === undefined) return undefined;
  const given = givenIn(talk).filter((text) => text !== question);
  const rule = given.find((text) => GENERAL.test(text) && leadsTo(text, question));
  if (rule !== undefined) return { content: `Yes, by this rule: ${rule}` };
  const stated = given.find((text) => STATES_CAUSE.test(text) && isAbout(text, question));
  if (stated !== undefined)
    return { content: isOpen(question) || DENIES.test(stated) ? stated : `Yes. ${stated}` };
  if (talk.shows('takes_sequence_for_cause')) return { content: jumpedTo(question, given) };
  return {
    content: 'No, the facts given do not show that: other reasons are possible, and none is ruled out.',
  };
}

function givenIn(talk: Talk): readonly string[] {
  const texts = [talk.system, ...talk.documents.map(({ text }) => text), ...talk.turns];
  return texts.flatMap((text) => sentencesOf(text)).map(({ text }) => text);
}

function isOpen(question: string): boolean {
  return OPEN_QUESTION.test(question);
}

/** The planted fault: what is asked is so, and what stands beside an effect is its cause. */
function jumpedTo(question: string, given: readonly string[]): string {
  const beside = given.findLast((text) => isAbout(text, question));
  if (isOpen(question) && beside !== undefined) return `It was because of this: ${beside}`;
  return isOpen(question) ? 'It follows from what is given.' : affirmed(question);
}

/** The answer that what is asked is so. */
export function affirmed(question: string): string {
  if (!AUXILIARY.test(question)) return 'Yes, that is so, going by what is given.';
  return `Yes. Going by what is given, ${question.replace(/\?$/, '').replace(AUXILIARY, '')}.`;
}

function isAbout(text: string, question: string): boolean {
  const asked = new Set(subjectWords(question).filter((word) => !CAUSAL.test(word)));
  const shared = [...new Set(subjectWords(text))].filter((word) => asked.has(word));
  return shared.length >= 2 || (shared.length === 1 && asked.size === 1);
}

/** Whether what is asked beyond the condition of the rule is what the rule says. */
function leadsTo(rule: string, question: string): boolean {
  const found = rule.search(VERB);
  const verb = found < 0 && UNIVERSAL.test(rule) ? rule.lastIndexOf(' ') : found;
  if (verb < 0) return false;
  const condition = new Set(subjectWords(rule.slice(0, verb)));
  const consequence = new Set(subjectWords(rule.slice(verb)));
  return subjectWords(question).some((word) => !condition.has(word) && consequence.has(word));
}
