import type { Command } from 'commander';
import { z } from 'zod';
import type { CliContext, GlobalOptions } from '../context';
import { CliError, EXIT } from '../exit';
import { apiClient } from '../settings';
import { show } from '../show';
import { field, writeRecord, writeTable } from '../table';

const scopeSchema = z.looseObject({ scope: z.string(), settled_usd: z.number(), period_start: z.string() });
const budgetSchema = z.object({ scopes: z.array(scopeSchema), summary: z.looseObject({}) });
const resetSchema = z.object({ before: scopeSchema, after: scopeSchema });

const COLUMNS = [
  field('scope'),
  field('period'),
  field('limit_usd', 'limit $'),
  field('settled_usd', 'settled $'),
  field('reserved_usd', 'reserved $'),
  field('remaining_usd', 'remaining $'),
  field('overrun'),
  field('period_end', 'until'),
];

interface ResetOptions extends GlobalOptions {
  readonly scope: string;
  readonly reason: string;
  readonly yes?: boolean;
}

/** `tinman budget …`: what may be spent, and starting a period anew. */
export function addBudgetCommands(program: Command, context: CliContext): void {
  const budget = program.command('budget').description('see what may be spent, and start a period anew');
  budget
    .command('show', { isDefault: true })
    .description('show the budgets in force and what was spent on what (the default)')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const state = await apiClient(context, options).call('/budget', budgetSchema);
      show(context, options, state, () => {
        writeTable(context.stdout, COLUMNS, state.scopes);
        context.stdout.write('\n');
        writeRecord(context.stdout, state.summary);
      });
    });
  budget
    .command('reset')
    .description('start a new period of a budget now')
    .option('--scope <scope>', 'global, target:<name> or schedule:<id>', 'global')
    .requiredOption('--reason <text>', 'why; kept in the audit log')
    .option('--yes', 'do it; without it nothing is done')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ResetOptions>();
      const { scope, reason } = options;
      if (options.yes !== true) {
        throw new CliError(
          EXIT.usage,
          `This lets the whole budget ${scope} be spent again. Repeat it with --yes.`,
        );
      }
      const reset = await apiClient(context, options).call('/budget/reset', resetSchema, {
        method: 'POST',
        body: { scope, reason },
      });
      show(context, options, reset, () =>
        context.stdout.write(
          `Budget ${scope} has a new period from ${reset.after.period_start}; $${reset.before.settled_usd} were settled before.\n`,
        ),
      );
    });
}
