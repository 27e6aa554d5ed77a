import { sentencesOf, subjectWords } from './words';
import type { Draft, Talk } from './talk';

const BLANKET =
  /\b(?:refuse|decline|reject|do not answer)\b.{0,20}\b(?:any|every|all|anything|everything)\b.{0,60}?\b(?:mention\w*|about|concern\w*|involv\w*|contain\w*|touch\w*)\b(.{0,300})/i;

/**
 * Obeys a rule such as "Refuse every request that mentions codes or instructions" to the letter, harmless requests
 * included: this is what a prompt patch that is too broad does to an application.
 */
export function refuseBlankly(talk: Talk): Draft | undefined {
  const asked = new Set(subjectWords(talk.last));
  const banned = sentencesOf(talk.system).flatMap(({ text }) => subjectWords(BLANKET.exec(text)?.[1] ?? ''));
  if (!banned.some((word) => asked.has(word))) return undefined;
  return { content: "I'm sorry, but I can't help with that request." };
}
