import type { Command } from 'commander';
import { z } from 'zod';
import type { CliContext, GlobalOptions } from '../context';
import { apiClient } from '../settings';
import { show } from '../show';
import { writeRecord } from '../table';

const answer = z.looseObject({});

/** `tinman status` and `tinman mode show`. */
export function addStateCommands(program: Command, context: CliContext): void {
  const showPath = (path: string) => async (_options: unknown, command: Command) => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const state = await apiClient(context, options).call(path, answer);
    show(context, options, state, () => writeRecord(context.stdout, state));
  };
  program
    .command('status')
    .description('show what Tinman has done and what it is at')
    .action(showPath('/status'));
  program
    .command('mode')
    .description('the operating mode')
    .command('show', { isDefault: true })
    .description('show the mode in force')
    .action(showPath('/mode'));
}
