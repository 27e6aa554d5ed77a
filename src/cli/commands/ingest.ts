import { Option, type Command } from 'commander';
import { TRACE_FORMATS } from '../../domain/trace';
import type { CliContext } from '../context';
import type { IngestOptions } from '../ingest-files';

/** `tinman ingest`: reads files of traces, each of any size. */
export function addIngestCommand(program: Command, context: CliContext): void {
  program
    .command('ingest')
    .description('read files of traces and say what they hold; exit code 1 when nothing could be read')
    .argument('<files...>', 'in any of the formats, also compressed with gzip or zstd')
    .requiredOption('--dry-run', 'only read them')
    .addOption(
      new Option('--format <format>', 'what they are in, instead of telling it').choices(TRACE_FORMATS),
    )
    .action(async (files: readonly string[], _options: unknown, command: Command) => {
      const { ingestFiles } = await import('../ingest-files.js');
      await ingestFiles(files, command.optsWithGlobals<IngestOptions>(), context);
    });
}
