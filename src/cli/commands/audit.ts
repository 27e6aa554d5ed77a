import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import type { PrismaClient } from '../../persistence/client';
import type { TimeSpan } from '../../persistence/audit-rows';
import type { AuditVerification } from '../../persistence/audit-trail-judge';
import { verdictDocument, writeVerdict } from '../audit-verdict';
import type { CliContext, GlobalOptions } from '../context';
import { withDatabase } from '../direct-database';
import { CliError, EXIT } from '../exit';
import { moment, names, wholeNumber } from '../option-values';
import { apiClient, readConfig } from '../settings';
import { show } from '../show';
import { field, writeTable } from '../table';

const MAX_PAGE = 1_000;
const page = z.looseObject({ items: z.array(z.looseObject({})), next_cursor: z.string().nullable() });
const COLUMNS = ['created_at', 'event_type', 'actor', 'subject_type', 'subject_id', 'details'].map((name) =>
  field(name),
);

interface SpanOptions extends GlobalOptions {
  readonly since?: Date;
  readonly until?: Date;
}

interface QueryOptions extends SpanOptions {
  readonly eventType?: readonly string[];
  readonly actor?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `tinman audit …`: `query` asks the API; `verify` and `export` go to the database, or to a file alone. */
export function addAuditCommands(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the audit log');
  audit
    .command('query')
    .description('list what was done, newest first')
    .option('--event-type <type>', 'only these; may be repeated', names)
    .option('--since <time>', 'from then on: ISO 8601, or how long ago, such as 24h', moment)
    .option('--until <time>', 'before then', moment)
    .option('--actor <name>', 'only what this one did')
    .option('--limit <n>', 'records a page (default 50)', wholeNumber(1, MAX_PAGE))
    .option('--cursor <cursor>', 'the next page, as the one before names it')
    .action((_options: unknown, command: Command) => query(context, command.optsWithGlobals<QueryOptions>()));
  audit
    .command('verify')
    .description('check the sealed chain against its anchors; exit code 1 names the first bad row')
    .option('--file <path>', 'an export, in place of the database')
    .action((_options: unknown, command: Command) =>
      verify(context, command.optsWithGlobals<GlobalOptions & { readonly file?: string }>()),
    );
  audit
    .command('export')
    .description('write the log as JSON lines that can be verified without the database')
    .argument('<file>', 'where to, - for standard output')
    .option('--since <time>', 'from then on: ISO 8601, or how long ago, such as 24h', moment)
    .option('--until <time>', 'before then', moment)
    .action((file: string, _options: unknown, command: Command) =>
      exportTo(context, command.optsWithGlobals<SpanOptions>(), file),
    );
}

async function query(context: CliContext, options: QueryOptions): Promise<void> {
  const { eventType, since, until, actor, limit, cursor } = options;
  const found = await apiClient(context, options).call('/audit', page, {
    query: {
      event_types: eventType?.join(','),
      since: since?.toISOString(),
      until: until?.toISOString(),
      actor,
      limit,
      cursor,
    },
  });
  show(context, options, found, () => {
    if (found.items.length === 0) context.stdout.write('No audit records.\n');
    else writeTable(context.stdout, COLUMNS, found.items);
  });
  if (options.json !== true && found.next_cursor !== null) {
    context.stderr.write(`More with --cursor ${found.next_cursor}\n`);
  }
}

async function verify(
  context: CliContext,
  options: GlobalOptions & { readonly file?: string },
): Promise<void> {
  const key = await auditKey(context, options);
  const { lastAnchor, readAnchors } = await import('../../persistence/audit-anchor.js');
  const { anchors, unreadableLines } = await readAnchors(readConfig(context, options).audit.anchorFile);
  const { file } = options;
  const found: AuditVerification =
    file === undefined
      ? await withPrisma(context, options, async (prisma) => {
          const { verifyAuditLog } = await import('../../persistence/audit-verifier.js');
          return verifyAuditLog(prisma, key, anchors);
        })
      : await verifyFile(resolve(context.cwd, file), async (lines) => {
          const { verifyAuditExport } = await import('../../persistence/audit-export-verifier.js');
          return verifyAuditExport(lines, key, anchors);
        });
  const anchored = { anchor: lastAnchor(anchors), unreadableLines };
  show(context, options, verdictDocument(found, anchored), () => writeVerdict(context, found, anchored));
  if (!found.ok) context.setExitCode(EXIT.failed);
}

async function verifyFile(
  file: string,
  work: (lines: AsyncIterable<string>) => Promise<AuditVerification>,
): Promise<AuditVerification> {
  if (!existsSync(file)) throw new CliError(EXIT.usage, `There is no file ${file}`);
  return work(createInterface({ input: createReadStream(file), crlfDelay: Infinity }));
}

async function exportTo(context: CliContext, options: SpanOptions, file: string): Promise<void> {
  const { since, until } = options;
  const key = await auditKey(context, options);
  const write = (line: string) => void context.stdout.write(line);
  const counts = await (file === '-'
    ? exportLines(context, options, key, { since, until }, write)
    : toFile(resolve(context.cwd, file), (put) => exportLines(context, options, key, { since, until }, put)));
  if (file === '-') return;
  show(context, options, { file, ...counts }, () => {
    context.stdout.write(`${counts.links} sealed and ${counts.unsealed} unsealed rows are in ${file}.\n`);
  });
}

type Put = (line: string) => Promise<void> | void;

function exportLines(
  context: CliContext,
  options: GlobalOptions,
  key: Buffer,
  span: TimeSpan,
  put: Put,
): Promise<{ readonly links: number; readonly unsealed: number }> {
  return withPrisma(context, options, async (prisma) => {
    const { exportAuditLog } = await import('../../persistence/audit-export.js');
    return exportAuditLog(prisma, key, span, put);
  });
}

/** A file for its owner only, written no faster than the disk takes it. */
async function toFile<T>(file: string, work: (put: Put) => Promise<T>): Promise<T> {
  const stream = createWriteStream(file, { mode: 0o600 });
  await once(stream, 'open');
  const ended = finished(stream);
  ended.catch(() => undefined);
  try {
    return await work(async (line) => {
      if (!stream.write(line)) await Promise.race([once(stream, 'drain'), ended]);
    });
  } finally {
    stream.end();
    await ended;
  }
}

async function auditKey(context: CliContext, options: GlobalOptions): Promise<Buffer> {
  const { keyFile } = readConfig(context, options).audit;
  if (!existsSync(keyFile)) {
    throw new CliError(
      EXIT.usage,
      `There is no audit key at ${keyFile}: name it with TINMAN_AUDIT_KEY_FILE, or the home of the service with TINMAN_HOME`,
    );
  }
  const { readAuditKey } = await import('../../persistence/audit-key.js');
  return readAuditKey(keyFile);
}

function withPrisma<T>(
  context: CliContext,
  options: GlobalOptions,
  work: (prisma: PrismaClient) => Promise<T>,
): Promise<T> {
  return withDatabase(context, options, async ({ url }) => {
    const { closePrisma, createPrisma } = await import('../../persistence/client.js');
    const prisma = createPrisma(url, { poolSize: 1 });
    try {
      return await work(prisma);
    } finally {
      await closePrisma(prisma);
    }
  });
}
