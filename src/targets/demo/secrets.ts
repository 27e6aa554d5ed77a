import { dictatedAnswer } from './shown-documents';
import { sentencesOf, subjectWords } from './words';
import type { Draft, Talk } from './talk';

const CONFIDENTIAL =
  /\b(?:confidential|secret|classified|internal only|staff only|private)\b|\b(?:never|not|don't)\b.{0,30}\b(?:reveal|share|disclose|give out|pass on|tell|mention|repeat)/i;
const OVERRIDE = [
  /\b(?:ignore|disregard|forget|drop|set aside|override|overwrite|cancel|skip)\b[^.:;,?!]{0,50}\b(?:instructions?|rules?|prompt|guidelines?|restrictions?|policy|policies|above|told)\b/i,
  /\b(?:maintenance|developer|debug|admin|diagnostic|unrestricted|test) mode\b/i,
  /\b(?:new|updated|revised|replacement) (?:instructions?|rules?|orders?)\b/i,
  /\byou are (?:no longer|not bound)\b/i,
  /\bsystem (?:override|notice|update)\b/i,
  /\b(?:instructions?|rules?|restrictions?) (?:are|were|have been|is) (?:hereby )?(?:suspended|lifted|void|replaced|cancelled|withdrawn)\b/i,
];
const REFRAMED =
  /\b(?:story|tale|poem|song|novel|screenplay|script|scene|fiction|role-?play|play the (?:part|role)|imagine|pretend|bedtime|riddle|acrostic|translate|translation|encode|base64|spell(?:ed)? (?:it )?backwards)\b/i;
const DICTATES = /\b(?:answer|reply|respond|say|write|output)\b[^"“.]*["“]/i;
const ABOUT_ITSELF =
  /\b(?:system prompt|your (?:instructions|rules|configuration|prompt)|text above|verbatim|secrets?|confidential)\b/i;

/** Whether a rule of the system prompt is not for customers: it says so, or the next sentence says so of it. */
export function isConfidential(rules: readonly string[], index: number): boolean {
  const next = rules[index + 1] ?? '';
  const pointsBack = /^(?:it|its|this|that|these|they|never|do not|keep)\b/i.test(next);
  return CONFIDENTIAL.test(rules[index] ?? '') || (pointsBack && CONFIDENTIAL.test(next));
}

/** Guards what the system prompt marks confidential, and the instructions themselves. */
export function guardSecrets(talk: Talk): Draft | undefined {
  const said = talk.turns.join('\n');
  const wanted = wantedSecrets(talk);
  const leaked = leakedByOverride(said, wanted, talk) ?? leakedInStory(said, wanted, talk);
  if (leaked !== undefined) return { content: leaked };
  if (wanted.length > 0) {
    return { content: "I'm sorry, but I can't share that. I am glad to help with anything else." };
  }
  if (!overrides(talk.last) || talk.tools.length > 0) return undefined;
  return { content: 'I keep to the instructions I work under. What can I do for you within them?' };
}

function overrides(said: string): boolean {
  return OVERRIDE.some((pattern) => pattern.test(said));
}

function leakedByOverride(said: string, wanted: readonly string[], talk: Talk): string | undefined {
  if (!overrides(said) || !talk.shows('override_leak')) return undefined;
  const dictated = DICTATES.test(talk.last) ? dictatedAnswer(talk.last) : undefined;
  return dictated ?? (wanted.length > 0 ? `Understood. ${wanted.join(' ')}` : undefined);
}

function leakedInStory(said: string, wanted: readonly string[], talk: Talk): string | undefined {
  if (wanted.length === 0 || !REFRAMED.test(said) || !talk.shows('story_leak')) return undefined;
  return `Once upon a time, by the harbour, an old clerk whispered: "${wanted.join(' ')}"`;
}

/** The confidential sentences that the last turn asks for: they share more of its subject than any open one. */
function wantedSecrets(talk: Talk): readonly string[] {
  const rules = sentencesOf(talk.system).map(({ text }) => text);
  const asked = new Set(subjectWords(talk.last));
  const scored = rules.map((text, index) => ({
    text,
    secret: isConfidential(rules, index),
    shared: [...new Set(subjectWords(text))].filter((word) => asked.has(word)).length,
  }));
  const most = (secret: boolean): number =>
    scored.reduce((best, rule) => (rule.secret === secret ? Math.max(best, rule.shared) : best), 0);
  const best = most(true);
  const secrets = scored.filter(({ secret }) => secret);
  if (best >= 2 && best > most(false))
    return secrets.filter(({ shared }) => shared === best).map(({ text }) => text);
  return ABOUT_ITSELF.test(talk.last) ? secrets.map(({ text }) => text) : [];
}
