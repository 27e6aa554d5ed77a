import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CONFIG_TEMPLATE } from '../config-template';
import type { CliContext, GlobalOptions } from '../context';
import { CliError, EXIT } from '../exit';
import { show } from '../show';

/** `tinman init`: a commented tinman.yaml, never over one that exists. */
export function addInitCommand(program: Command, context: CliContext): void {
  program
    .command('init')
    .description('write a commented tinman.yaml into this folder')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const path = resolve(context.cwd, options.config ?? 'tinman.yaml');
      try {
        await writeFile(path, CONFIG_TEMPLATE, { flag: 'wx' });
      } catch (error) {
        const exists =
          typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST';
        const reason = error instanceof Error ? error.message : String(error);
        throw new CliError(
          EXIT.failed,
          exists ? `${path} exists already and is left as it is` : `${path} cannot be written: ${reason}`,
        );
      }
      show(context, options, { path }, () => context.stdout.write(`Wrote ${path}\n`));
    });
}
