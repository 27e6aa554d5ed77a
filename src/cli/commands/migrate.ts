import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../context';
import { CliError, EXIT } from '../exit';
import { wholeNumber } from '../option-values';
import { readConfig } from '../settings';
import { show } from '../show';

const MAX_STEPS = 1_000;

/** `tinman migrate …`: talks to the database itself, as the owner of its tables. */
export function addMigrateCommands(program: Command, context: CliContext): void {
  const migrate = program.command('migrate').description('bring the database to the schema of this version');
  migrate
    .command('deploy')
    .description('apply the migrations that are missing')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const url = databaseUrl(context, options);
      const { migrateDeploy } = await import('../../persistence/migrations.js');
      const applied = await migrateDeploy(url);
      show(context, options, { applied }, () => writeNames(context, 'Applied', applied));
    });
  migrate
    .command('status')
    .description('show which migrations are applied; exit code 1 when some are missing or unknown')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const url = databaseUrl(context, options);
      const { migrateStatus } = await import('../../persistence/migrations.js');
      const status = await migrateStatus(url);
      show(context, options, status, () => {
        writeNames(context, 'Applied', status.applied);
        writeNames(context, 'Missing', status.pending);
        writeNames(context, 'Unknown to this version', status.unknown);
      });
      if (status.pending.length + status.unknown.length > 0) context.setExitCode(EXIT.failed);
    });
  migrate
    .command('down')
    .description('roll back the newest migrations, with the data in what they made')
    .option('--steps <n>', 'how many', wholeNumber(1, MAX_STEPS), 1)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly steps: number }>();
      const url = databaseUrl(context, options);
      const { migrateDown } = await import('../../persistence/migrations.js');
      const rolledBack = await migrateDown(url, options.steps);
      show(context, options, { rolled_back: rolledBack }, () =>
        writeNames(context, 'Rolled back', rolledBack),
      );
    });
}

function databaseUrl(context: CliContext, options: GlobalOptions): string {
  const { ownerDatabaseUrl } = readConfig(context, options);
  if (ownerDatabaseUrl !== undefined) return ownerDatabaseUrl;
  throw new CliError(
    EXIT.usage,
    'No database is configured: set TINMAN_DATABASE_URL. The embedded one is migrated by `tinman dev` itself.',
  );
}

function writeNames({ stdout }: CliContext, heading: string, names: readonly string[]): void {
  stdout.write(`${heading}: ${names.length === 0 ? 'none' : names.join(', ')}\n`);
}
