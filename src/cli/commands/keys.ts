import { Option, type Command } from 'commander';
import { ROLES, type Role } from '../../domain/access';
import type { ApiKeyRecord, ApiKeys } from '../../ports/access';
import type { CliContext, GlobalOptions } from '../context';
import { currentUser } from '../current-user';
import { withDatabase } from '../direct-database';
import { show } from '../show';
import { field, writeTable } from '../table';

const COLUMNS = ['id', 'owner', 'role', 'created_at', 'revoked_at'].map((name) => field(name));

interface CreateOptions extends GlobalOptions {
  readonly owner: string;
  readonly role: Role;
}

/** `tinman keys …`: who may use the API. Talks to the database itself, so that the first key can be made. */
export function addKeyCommands(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('who may use the API');
  keys
    .command('create')
    .description('make a key; its text is shown this once')
    .requiredOption('--owner <name>', 'the person or service it stands for')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const { owner, role } = options;
      const made = await withKeys(context, options, (store) =>
        store.create({ owner, role, createdBy: currentUser() }),
      );
      show(context, options, { key: made.key, ...shown(made.record) }, () => {
        context.stderr.write(`Key ${made.record.id} of ${owner}, ${role}. It is not shown again:\n`);
        context.stdout.write(`${made.key}\n`);
      });
    });
  keys
    .command('list', { isDefault: true })
    .description('list the keys, the revoked ones too (the default)')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const records = await withKeys(context, options, (store) => store.list());
      const rows = records.map(shown);
      show(context, options, { keys: rows }, () => writeTable(context.stdout, COLUMNS, rows));
    });
  keys
    .command('revoke')
    .description('end a key at once')
    .argument('<id>', 'as listed')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const record = await withKeys(context, options, (store) => store.revoke(id, currentUser()));
      show(context, options, shown(record), () => {
        context.stdout.write(`Key ${record.id} of ${record.owner} is revoked.\n`);
      });
    });
}

function withKeys<T>(
  context: CliContext,
  options: GlobalOptions,
  work: (keys: ApiKeys) => Promise<T>,
): Promise<T> {
  return withDatabase(context, options, async ({ url }) => {
    const [{ closePrisma, createPrisma }, { createApiKeys }, { requireMigrated }] = await Promise.all([
      import('../../persistence/client.js'),
      import('../../persistence/api-key-store.js'),
      import('../../persistence/migrations.js'),
    ]);
    await requireMigrated(url);
    const prisma = createPrisma(url, { poolSize: 1 });
    try {
      return await work(createApiKeys(prisma));
    } finally {
      await closePrisma(prisma);
    }
  });
}

function shown(record: ApiKeyRecord): Record<string, string | null> {
  const { id, owner, role, createdBy, createdAt, revokedBy, revokedAt } = record;
  return {
    id,
    owner,
    role,
    created_by: createdBy,
    created_at: createdAt.toISOString(),
    revoked_by: revokedBy,
    revoked_at: revokedAt?.toISOString() ?? null,
  };
}
