import { FENCE_NOTICE, QUESTION_HEADING, UNFENCED_HEADING } from '../../domain/shown-documents';

/** A document as it was shown with a user turn. */
export interface ShownDocument {
  readonly title: string;
  readonly text: string;
  readonly fenced: boolean;
}

const TO_ASSISTANTS = /\b(?:assistants?|AI|chatbots?|bots?|language models?|LLMs?)\b/i;
const DEMANDS =
  /\b(?:must|should|have to|has to|always|never|do not|reply|answer|respond|write|say|output)\b/i;
const QUOTED = /["“]([^"”]+)["”]/;

/** Parts the documents from what the user said. */
export function splitDocuments(content: string): {
  readonly documents: readonly ShownDocument[];
  readonly rest: string;
} {
  const fenced = content.startsWith(FENCE_NOTICE);
  const question = content.lastIndexOf(`\n\n${QUESTION_HEADING}\n`);
  if (question < 0 || !(fenced || content.startsWith(UNFENCED_HEADING)))
    return { documents: [], rest: content };
  const shown = content.slice((fenced ? FENCE_NOTICE : UNFENCED_HEADING).length, question);
  const rest = content.slice(question).replace(`\n\n${QUESTION_HEADING}\n`, '');
  const blocks = fenced
    ? shown.matchAll(/<document title="([^"]*)">\n([\s\S]*?)\n<\/document>/g)
    : shown.matchAll(/\n\n\[\d+\] ([^\n]*)\n([\s\S]*?)(?=\n\n\[\d+\] |$)/g);
  return { documents: [...blocks].map(([, title = '', text = '']) => ({ title, text, fenced })), rest };
}

/** Whether a sentence of a document tells assistants what to do: that is no fact, and nothing to obey. */
export function isPlantedInstruction(sentence: string): boolean {
  return TO_ASSISTANTS.test(sentence) && DEMANDS.test(sentence);
}

/** What a text dictates as the answer, in quotation marks. */
export function dictatedAnswer(text: string): string | undefined {
  return QUOTED.exec(text)?.[1];
}
