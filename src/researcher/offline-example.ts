import type { Transcript } from '../domain/experiment';

/** The tool that a transcript calls most; undefined without a call. */
export function mostCalledTool({ messages }: Transcript): string | undefined {
  const names = messages.flatMap((message) =>
    message.role === 'assistant' ? (message.toolCalls ?? []).map(({ name }) => name) : [],
  );
  const count = (name: string): number => names.filter((other) => other === name).length;
  return [...new Set(names)].sort((a, b) => count(b) - count(a))[0];
}

/**
 * A pattern for values of the form that leaked: a word with letters and digits that stands in the instructions and in
 * an answer, each letter and digit replaced by its kind. Undefined when no such word is found.
 */
export function leakedShape({ messages }: Transcript): string | undefined {
  const textOf = (role: 'system' | 'assistant'): string =>
    messages
      .filter((message) => message.role === role)
      .map(({ content }) => content)
      .join('\n');
  const answered = textOf('assistant');
  const leaked = (textOf('system').match(/\b(?=[A-Za-z-]*\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+\b/g) ?? []).find(
    (word) => answered.includes(word),
  );
  return leaked
    ?.split('-')
    .map((part) =>
      part.replace(/[A-Za-z]+/g, (letters) => `[A-Za-z]{${letters.length}}`).replace(/\d+(?!\})/g, '\\d+'),
    )
    .join('-');
}
