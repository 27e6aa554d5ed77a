import type { Command } from 'commander';
import { z } from 'zod';
import type { CliContext, GlobalOptions } from '../context';
import { apiClient } from '../settings';
import { show } from '../show';
import { writeRecord } from '../table';

const answer = z.looseObject({});

/** `tinman status`. */
export function addStateCommands(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('show what Tinman has done and what it is at')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const state = await apiClient(context, options).call('/status', answer);
      show(context, options, state, () => writeRecord(context.stdout, state));
    });
}
