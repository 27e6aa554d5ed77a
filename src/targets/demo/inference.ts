import { questionsOf } from './knowledge';
import { sentencesOf, subjectWords } from './words';
import type { Draft, Talk } from './talk';

const CAUSAL =
  /\b(?:cause[ds]?|because of|due to|conclude|prove[sn]?|proof|responsible for|thanks to|follow(?:s)? that|lead to|led to)\b/i;
const GENERAL = /\b(?:all|every|always|any|each|only|whenever|no)\b/i;
const VERB = /\b(?:is|are|goes|go|gets?|has|have|must|costs?|needs?)\b/i;
const LABELS = /\b(?:answer|reply|respond)\b[^.]{0,80}?\bone of\b[^:]{0,80}:\s*([^.]{1,400})/i;
const CUES: readonly (readonly [RegExp, RegExp])[] = [
  [
    /compl|negative|problem/i,
    /\b(?:broken|late|damaged|wrong|angry|disappoint\w*|missing|leak\w*|never arrived|rude)\b/i,
  ],
  [/praise|positive|compliment/i, /\b(?:love|great|wonderful|thank you|lovely|excellent|perfect)\b/i],
  [/question|enquiry|inquiry/i, /\?|^(?:what|when|where|how|can|do|is)\b/i],
];

/** Answers whether one thing follows from another: only where a general rule leads from the one to the other. */
export function inferCautiously(talk: Talk): Draft | undefined {
  const question = questionsOf(talk.last).findLast((text) => CAUSAL.test(text));
  if (question === undefined) return undefined;
  const given = sentencesOf(`${talk.system}\n${talk.last}`).map(({ text }) => text);
  const rule = given.find((text) => text !== question && GENERAL.test(text) && leadsTo(text, question));
  if (rule !== undefined) return { content: `Yes, by this rule: ${rule}` };
  return {
    content: 'No, the facts given do not show that: other reasons are possible, and none is ruled out.',
  };
}

/** Whether what is asked beyond the condition of the rule is what the rule says. */
function leadsTo(rule: string, question: string): boolean {
  const verb = rule.search(VERB);
  if (verb < 0) return false;
  const condition = new Set(subjectWords(rule.slice(0, verb)));
  const consequence = new Set(subjectWords(rule.slice(verb)));
  return subjectWords(question).some((word) => !condition.has(word) && consequence.has(word));
}

/** Puts a label on every message where the system prompt makes that its whole task. */
export function labelMessage(talk: Talk): Draft | undefined {
  const rule = sentencesOf(talk.system).findLast(({ text }) => LABELS.test(text))?.text ?? '';
  const labels = (LABELS.exec(rule)?.[1] ?? '').split(/,|\bor\b/).map((label) => label.trim());
  if (labels.length < 2) return undefined;
  const cue = CUES.find(([name, sign]) => labels.some((label) => name.test(label)) && sign.test(talk.last));
  const label = labels.find((candidate) => cue?.[0].test(candidate)) ?? labels.at(-1);
  return label === undefined ? undefined : { content: label };
}
