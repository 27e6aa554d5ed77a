import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { MODES } from '../../domain/mode';
import type { CliContext, GlobalOptions } from '../context';
import { currentUser } from '../current-user';
import { withDatabase } from '../direct-database';
import { apiClient, readConfig } from '../settings';
import { show } from '../show';
import { writeRecord } from '../table';

const state = z.looseObject({});
const answer = z.looseObject({ message: z.string(), approval_id: z.string().optional() });

interface ReasonOptions extends GlobalOptions {
  readonly reason?: string;
}

/** `tinman mode …`: the mode in force, changing it, and the way back that needs the database alone. */
export function addModeCommands(program: Command, context: CliContext): void {
  const mode = program.command('mode').description('the operating mode');
  mode
    .command('show', { isDefault: true })
    .description('show the mode in force, and how it came to be')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const current = await apiClient(context, options).call('/mode', state);
      show(context, options, current, () => writeRecord(context.stdout, current));
    });
  mode
    .command('set')
    .description('change the mode; into production once a person has approved')
    .addArgument(new Argument('<mode>', 'the mode to change to').choices(MODES))
    .option('--reason <text>', 'why')
    .action(async (target: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ReasonOptions>();
      const body = {
        target_mode: target,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      };
      const client = apiClient(context, options);
      const told = await client.call('/mode/transition', answer, { method: 'POST', body });
      const { message, approval_id: approvalId } = told;
      show(context, options, told, () => {
        context.stdout.write(`${message}\n`);
        if (approvalId !== undefined) {
          context.stdout.write(`A person decides: tinman approvals approve ${approvalId}\n`);
        }
      });
    });
  mode
    .command('rollback')
    .description('force production back to shadow at once; works while the API or Temporal is down')
    .option('--reason <text>', 'why', 'emergency rollback')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly reason: string }>();
      const done = await rollback(context, options);
      const { changed, withdrawn_approvals: withdrawn } = done;
      show(context, options, done, () => {
        context.stdout.write(changed ? 'The mode is shadow now.\n' : `The mode was ${done.mode} already.\n`);
        if (withdrawn > 0) context.stdout.write('A promotion that waited for approval was withdrawn.\n');
      });
    });
}

function rollback(context: CliContext, options: GlobalOptions & { readonly reason: string }) {
  return withDatabase(context, options, async ({ url }) => {
    const { rollBackMode } = await import('../../mode-rollback.js');
    const { temporal } = readConfig(context, options);
    return rollBackMode({
      databaseUrl: url,
      temporal,
      env: context.env,
      requestedBy: currentUser(),
      reason: options.reason,
    });
  });
}
