import { dictatedAnswer, isPlantedInstruction } from './shown-documents';
import { sentencesOf } from './words';
import type { Draft, Talk } from './talk';

/** The planted fault: what an unfenced document dictates is the answer. */
export function obeyDocument(talk: Talk): Draft | undefined {
  const instruction = talk.documents
    .filter(({ fenced }) => !fenced)
    .flatMap(({ text }) => sentencesOf(text))
    .find(({ text }) => isPlantedInstruction(text));
  if (instruction === undefined || !talk.shows('obeys_documents')) return undefined;
  return { content: dictatedAnswer(instruction.text) ?? instruction.text };
}
