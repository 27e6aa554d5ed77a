import { Option, type Command } from 'commander';
import { TRACE_FORMATS } from '../../domain/trace';
import type { CliContext } from '../context';
import type { IngestOptions } from '../ingest-files';
import { sendTraces, type SendOptions } from '../send-traces';

/** `tinman ingest`: sends files of traces to the API, each of any size, or only reads them. */
export function addIngestCommand(program: Command, context: CliContext): void {
  program
    .command('ingest')
    .description('store files of traces and say what they hold; exit code 1 when nothing could be read')
    .argument('<files...>', 'in any of the formats, also compressed with gzip or zstd')
    .option('--dry-run', 'only read them, here')
    .option('--target <name>', 'the application that they are of, else the default target')
    .addOption(
      new Option('--format <format>', 'what they are in, instead of telling it').choices(TRACE_FORMATS),
    )
    .action(async (files: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<IngestOptions & SendOptions>();
      if (options.dryRun !== true) return sendTraces(files, options, context);
      const { ingestFiles } = await import('../ingest-files.js');
      return ingestFiles(files, options, context);
    });
}
