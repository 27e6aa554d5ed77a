import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { types } from 'node:util';
import type { TraceFormat } from '../domain/trace';
import { readTraces } from '../ingest/read-traces';
import { summariseTraces } from '../ingest/summarise-traces';
import type { TraceSummary } from '../ports/trace-intake';
import type { CliContext, GlobalOptions, Output } from './context';
import { CliError, EXIT } from './exit';
import { ProgressBar } from './progress-bar';
import { show } from './show';
import { oneLine } from './terminal-text';

const SHOWN_REJECTIONS = 10;

export interface IngestOptions extends GlobalOptions {
  readonly format?: TraceFormat;
}

/**
 * Reads files of traces and shows what they hold; with `--json` one object for one file, and a list of them for several.
 * @throws {CliError} when a file cannot be read.
 */
export async function ingestFiles(
  files: readonly string[],
  options: IngestOptions,
  context: CliContext,
): Promise<void> {
  const summaries: FileSummary[] = [];
  for (const file of files) summaries.push({ file, ...(await read(file, options, context)) });
  const [first] = summaries;
  const shown = summaries.length === 1 && first !== undefined ? first : { files: summaries };
  show(context, options, shown, () => {
    for (const summary of summaries) writeSummary(context.stdout, summary);
  });
  if (summaries.every(({ spans }) => spans === 0)) context.setExitCode(EXIT.failed);
}

type FileSummary = TraceSummary & { readonly file: string };

async function read(file: string, { format }: IngestOptions, context: CliContext): Promise<TraceSummary> {
  const path = resolve(context.cwd, file);
  const size = await sizeOf(path);
  const bar = new ProgressBar(context.stderr, basename(file), size);
  const stream = createReadStream(path, { signal: context.signal });
  try {
    return await summariseTraces(readTraces(bar.counting(stream), format === undefined ? {} : { format }));
  } finally {
    stream.destroy();
    bar.end();
  }
}

/** @throws {CliError} for what is no file that can be read. */
export async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
    throw new CliError(EXIT.usage, `${path} is not a file`);
  } catch (error) {
    if (error instanceof CliError || !types.isNativeError(error)) throw error;
    throw new CliError(EXIT.usage, `cannot read ${path}: ${error.message}`);
  }
}

function writeSummary(output: Output, summary: FileSummary): void {
  const { file, format, confidence, why, traces, spans, error_spans: errors, reason } = summary;
  const told =
    format === null ? 'refused' : `${format} (${Math.round(confidence * 100)} %: ${why.join(', ')})`;
  output.write(`${oneLine(file)}: ${oneLine(told)}\n`);
  if (reason === undefined) output.write(`  ${traces} traces, ${spans} spans, ${errors} of them errors\n`);
  else output.write(`  ${oneLine(reason)}\n`);
  writeGenAi(output, summary);
  if (spans === 0) return;
  for (const { position, reason: cause } of summary.rejected.slice(0, SHOWN_REJECTIONS)) {
    output.write(`  rejected ${oneLine(position)}: ${oneLine(cause)}\n`);
  }
  const more = summary.rejected_count - SHOWN_REJECTIONS;
  if (more > 0) output.write(`  and ${more} more rejected\n`);
}

function writeGenAi(output: Output, { gen_ai: genAi }: FileSummary): void {
  const { models, input_tokens: input, output_tokens: written, tool_calls: calls } = genAi;
  if (models.length === 0 && input + written + calls === 0) return;
  const named = models.length === 0 ? 'no model named' : models.map(oneLine).join(', ');
  output.write(`  ${named}: ${input} tokens in, ${written} out, ${calls} tool calls\n`);
}
