import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Where lines come from, and where they are seen while they are typed. */
export interface TypedAt {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

/**
 * The lines that are typed or piped in, until the end of the input. On a terminal each is asked for with the prompt, can be
 * edited and recalled, and Ctrl-C calls `interrupted`.
 */
export async function* typedLines(
  { input, output }: TypedAt,
  prompt: string,
  interrupted: () => void,
): AsyncGenerator<string, void> {
  const terminal = input.isTTY === true && output.isTTY === true;
  const reader = createInterface({ input, terminal, prompt, ...(terminal ? { output } : {}) });
  const ask = (): void => {
    if (terminal) reader.prompt();
  };
  reader.once('SIGINT', () => {
    interrupted();
    reader.close();
  });
  try {
    ask();
    for await (const line of reader) {
      yield line;
      ask();
    }
  } finally {
    reader.close();
  }
}
