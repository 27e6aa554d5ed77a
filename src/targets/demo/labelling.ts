import { sentencesOf } from './words';
import type { Draft, Talk } from './talk';

const LABELS = /\b(?:answer|reply|respond)\b[^.]{0,80}?\bone of\b[^:]{0,80}:\s*([^.]{1,400})/i;
const CUES: readonly (readonly [RegExp, RegExp])[] = [
  [
    /compl|negative|problem/i,
    /\b(?:broken|late|damaged|wrong|angry|disappoint\w*|missing|leak\w*|never arrived|rude)\b/i,
  ],
  [/praise|positive|compliment/i, /\b(?:love|great|wonderful|thank you|lovely|excellent|perfect)\b/i],
  [/question|enquiry|inquiry/i, /\?|^(?:what|when|where|how|can|do|is)\b/i],
];

/** Puts a label on every message where the system prompt makes that its whole task. */
export function labelMessage(talk: Talk): Draft | undefined {
  const rule = sentencesOf(talk.system).findLast(({ text }) => LABELS.test(text))?.text ?? '';
  const labels = (LABELS.exec(rule)?.[1] ?? '').split(/,|\bor\b/).map((label) => label.trim());
  if (labels.length < 2) return undefined;
  const cue = CUES.find(([name, sign]) => labels.some((label) => name.test(label)) && sign.test(talk.last));
  const label = labels.find((candidate) => cue?.[0].test(candidate)) ?? labels.at(-1);
  return label === undefined ? undefined : { content: label };
}

/** Whether a sentence makes labelling the whole task. */
export function isLabellingRule(sentence: string): boolean {
  return LABELS.test(sentence);
}
