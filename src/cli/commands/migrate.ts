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
    .description("apply the migrations that are missing, and grant the service's role what it needs")
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { owner, service } = databaseUrls(context, options);
      const { migrateDeploy } = await import('../../persistence/migrations.js');
      const applied = await migrateDeploy(owner, service);
      show(context, options, { applied }, () => writeNames(context, 'Applied', applied));
    });
  migrate
    .command('status')
    .description('show which migrations are applied; exit code 1 when some are missing or unknown')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { owner } = databaseUrls(context, options);
      const { migrateStatus } = await import('../../persistence/migrations.js');
      const status = await migrateStatus(owner);
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
      const { owner } = databaseUrls(context, options);
      const { migrateDown } = await import('../../persistence/migrations.js');
      const rolledBack = await migrateDown(owner, options.steps);
      show(context, options, { rolled_back: rolledBack }, () =>
        writeNames(context, 'Rolled back', rolledBack),
      );
    });
}

function databaseUrls(
  context: CliContext,
  options: GlobalOptions,
): { readonly owner: string; readonly service: string } {
  const { databaseUrl, ownerDatabaseUrl } = readConfig(context, options);
  if (ownerDatabaseUrl !== undefined) {
    return { owner: ownerDatabaseUrl, service: databaseUrl ?? ownerDatabaseUrl };
  }
  throw new CliError(
    EXIT.usage,
    'No database is configured: set TINMAN_DATABASE_URL. The embedded one is migrated by `tinman dev` itself.',
  );
}

function writeNames({ stdout }: CliContext, heading: string, names: readonly string[]): void {
  stdout.write(`${heading}: ${names.length === 0 ? 'none' : names.join(', ')}\n`);
}
