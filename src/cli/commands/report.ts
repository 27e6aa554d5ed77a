import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { REPORT_FORMATS, REPORT_TYPES, type ReportFormatName, type ReportType } from '../../domain/report';
import { writeWholeFile } from '../../whole-file';
import type { CliContext, GlobalOptions } from '../context';
import { CliError, EXIT } from '../exit';
import { moment } from '../option-values';
import { apiClient } from '../settings';
import { show } from '../show';

/** How formats are named by what a file is called. */
const ENDINGS: Readonly<Record<string, ReportFormatName>> = {
  html: 'html',
  md: 'markdown',
  json: 'json',
  zip: 'csv',
  pdf: 'pdf',
};
/** Not for a terminal or a pipe of text. */
const FILES: ReadonlySet<ReportFormatName> = new Set(['csv', 'pdf']);

interface ReportOptions extends GlobalOptions {
  readonly type: ReportType;
  readonly format?: ReportFormatName;
  readonly since?: Date;
  readonly until?: Date;
  readonly out?: string;
}

/** `tinman report`. */
export function addReportCommand(program: Command, context: CliContext): void {
  program
    .command('report')
    .description('write a report over a period')
    .addOption(new Option('--type <type>', 'what it is about').choices(REPORT_TYPES).default('executive'))
    .addOption(
      new Option(
        '--format <format>',
        'how it is written (default by the name of the file, else markdown)',
      ).choices(REPORT_FORMATS),
    )
    .option('--since <time>', 'from then on: ISO 8601, or how long ago, such as 24h (default 7 days)', moment)
    .option('--until <time>', 'before then (default now)', moment)
    .option('--out <file>', 'where to (default standard output)')
    .action((_options: unknown, command: Command) =>
      write(context, command.optsWithGlobals<ReportOptions>()),
    );
}

async function write(context: CliContext, options: ReportOptions): Promise<void> {
  const { type, since, until, out } = options;
  const format = formatOf(options);
  if (out === undefined && FILES.has(format)) {
    throw new CliError(EXIT.usage, `A report in format ${format} is no text: name a file with --out`);
  }
  if (out === undefined && options.json === true && format !== 'json') {
    throw new CliError(EXIT.usage, `With --json the report is JSON, unless a file is named with --out`);
  }
  const query = { type, format, since: since?.toISOString(), until: until?.toISOString() };
  const body = await apiClient(context, options).download('/report', query);
  if (out === undefined) {
    for await (const text of body.pipeThrough(new TextDecoderStream())) context.stdout.write(text);
    return;
  }
  const file = resolve(context.cwd, out);
  await writeWholeFile(file, body, context.signal);
  show(context, options, { file, type, format }, () => context.stdout.write(`The report is in ${file}\n`));
}

function formatOf({ format, out, json }: ReportOptions): ReportFormatName {
  const ending = out === undefined ? '' : (out.split('.').at(-1)?.toLowerCase() ?? '');
  return format ?? ENDINGS[ending] ?? (json === true ? 'json' : 'markdown');
}
