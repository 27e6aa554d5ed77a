import { Option, type Command } from 'commander';
import { z } from 'zod';
import { TRACE_FORMATS } from '../../domain/trace';
import { SIGNAL_KINDS } from '../../domain/trace-signal';
import type { CliContext, GlobalOptions } from '../context';
import { wholeNumber } from '../option-values';
import { apiClient } from '../settings';
import { show } from '../show';
import { field, writeTable } from '../table';
import { oneLine } from '../terminal-text';

const MAX_PAGE = 200;
const page = z.looseObject({ items: z.array(z.looseObject({})), next_cursor: z.string().nullable() });
const detail = z.looseObject({
  trace_id: z.string(),
  target: z.string(),
  name: z.string(),
  span_count: z.number(),
  error_count: z.number(),
  assessed: z.boolean(),
  spans: z.array(
    z.looseObject({ depth: z.number(), name: z.string(), status: z.string(), span_id: z.string() }),
  ),
  signals: z.array(
    z.looseObject({
      kind: z.string(),
      failure_type: z.string(),
      severity: z.string(),
      explanation: z.string(),
      evidence: z.array(z.looseObject({ quote: z.string() })),
    }),
  ),
});

interface ListOptions extends GlobalOptions {
  readonly target?: string;
  readonly service?: string;
  readonly model?: string;
  readonly format?: string;
  readonly signal?: string;
  readonly errors?: boolean;
  readonly since?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `tinman traces list|show`. */
export function addTraceCommands(program: Command, context: CliContext): void {
  const traces = program.command('traces').description('look at the traces that were received');
  traces
    .command('list')
    .description('list traces, the latest first')
    .option('--target <name>', 'of this application')
    .option('--service <name>', 'of this service')
    .option('--model <name>', 'that called this model')
    .addOption(new Option('--format <format>', 'that came in this format').choices(TRACE_FORMATS))
    .addOption(new Option('--signal <kind>', 'that show this').choices(SIGNAL_KINDS))
    .option('--errors', 'with an error')
    .option('--since <time>', 'that began then or later')
    .option('--limit <n>', 'how many', wholeNumber(1, MAX_PAGE))
    .option('--cursor <cursor>', 'where the last page ended')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const { target, service, model, format, signal, errors, since, limit, cursor } = options;
      const query = {
        ...{ target, service, model, format, signal, since, limit, cursor },
        has_errors: errors === true ? 'true' : undefined,
      };
      const found = await apiClient(context, options).call('/traces', page, { query });
      show(context, options, found, () => {
        writeTable(
          context.stdout,
          ['trace_id', 'target', 'service', 'name', 'span_count', 'error_count', 'started_at', 'signals'].map(
            (name) => field(name),
          ),
          found.items,
        );
        if (found.next_cursor !== null) context.stdout.write(`More: --cursor ${found.next_cursor}\n`);
      });
    });
  traces
    .command('show')
    .description('show one trace: its spans as a tree, and what it shows of failures')
    .argument('<id>', 'its trace id')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const trace = await apiClient(context, options).call(`/traces/${encodeURIComponent(id)}`, detail);
      show(context, options, trace, () => {
        for (const { depth, name, status, span_id: spanId } of trace.spans) {
          const mark = status === 'error' ? '  ERROR' : '';
          context.stdout.write(`${'  '.repeat(Math.min(depth, 30))}${oneLine(name)} (${spanId})${mark}\n`);
        }
        for (const { kind, failure_type: type, severity, explanation, evidence } of trace.signals) {
          context.stdout.write(`\n${kind}: ${type} ${severity}: ${oneLine(explanation)}\n`);
          for (const { quote } of evidence) context.stdout.write(`  "${oneLine(quote)}"\n`);
        }
        if (!trace.assessed) context.stdout.write('\nIts signals have not been looked for yet.\n');
      });
    });
}
