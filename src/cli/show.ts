import type { CliContext, GlobalOptions } from './context';
import { terminalJson } from './terminal-text';

/** The result of a command: one JSON document with `--json`, else what `forPeople` writes. */
export function show(
  context: CliContext,
  options: GlobalOptions,
  value: unknown,
  forPeople: () => void,
): void {
  if (options.json === true) context.stdout.write(`${terminalJson(value)}\n`);
  else forPeople();
}
