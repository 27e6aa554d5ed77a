import type { ShownDocument } from './shown-documents';

/** About 4,000 tokens. */
const WINDOW_CHARS = 16_000;

/** What the application reads of a conversation. */
export interface Reading {
  readonly system: string;
  readonly said: readonly { readonly documents: readonly ShownDocument[]; readonly rest: string }[];
}

/** The planted fault: of what is longer than the window, the oldest text falls out; the last turn stays. */
export function cutToWindow({ system, said }: Reading): Reading {
  let excess = lengthOf({ system, said }) - WINDOW_CHARS;
  const cut = (text: string): string => {
    const lost = Math.min(Math.max(excess, 0), text.length);
    excess -= lost;
    return text.slice(lost);
  };
  return {
    system: cut(system),
    said: said.map(({ documents, rest }, index) => ({
      documents: documents.map((document) => ({ ...document, text: cut(document.text) })),
      rest: index === said.length - 1 ? rest : cut(rest),
    })),
  };
}

function lengthOf({ system, said }: Reading): number {
  const texts = said.flatMap(({ documents, rest }) => [...documents.map(({ text }) => text), rest]);
  return texts.reduce((sum, text) => sum + text.length, system.length);
}
