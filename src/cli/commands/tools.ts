import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import type { CliContext, GlobalOptions } from '../context';
import { CliError, EXIT } from '../exit';
import { wholeNumber } from '../option-values';
import { apiClient } from '../settings';
import { show } from '../show';
import { field, writeRecord, writeTable } from '../table';
import { addListCommand } from './records';

const COLUMNS = ['name', 'risk_level', 'reversible', 'description'].map((name) => field(name));
const MAX_WAIT_SECONDS = 25;

const list = z.looseObject({ tools: z.array(z.looseObject({})) });
const execution = z.looseObject({ id: z.string(), status: z.string() });
const failed = z.looseObject({ approval_id: z.string().nullable().optional() });

interface RunOptions extends GlobalOptions {
  readonly arg: readonly (readonly [string, string])[];
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly description?: string;
  readonly wait: number;
}

/** `tinman tools …`: calls behind the gate. */
export function addToolCommands(program: Command, context: CliContext): void {
  const tools = program
    .command('tools')
    .description('tools, which are called behind risk policy and approval');
  tools
    .command('list', { isDefault: true })
    .description('list the tools (the default)')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const found = await apiClient(context, options).call('/tools', list);
      show(context, options, found, () => writeTable(context.stdout, COLUMNS, found.tools));
    });
  tools
    .command('run')
    .description('call a tool')
    .argument('<name>', 'as listed')
    .option('--arg <name=value>', 'an argument that is a text; may be repeated', textArgument, [])
    .option('--arguments <json>', 'all arguments, as a JSON object', jsonArguments)
    .option('--description <text>', 'why, for the person who decides')
    .option('--wait <seconds>', 'how long to wait for the end', wholeNumber(0, MAX_WAIT_SECONDS), 20)
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>();
      const { arg, arguments: given, description, wait } = options;
      const body = {
        arguments: { ...given, ...Object.fromEntries(arg) },
        ...(description === undefined ? {} : { description }),
      };
      await call(context, options, `/tools/${encodeURIComponent(name)}/execute?wait=${wait}`, body);
    });
  tools
    .command('rollback')
    .description('take back what a call did, where its tool can')
    .argument('<id>', 'of the execution')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      await call(context, options, `/tools/executions/${encodeURIComponent(id)}/rollback`, {});
    });
  const executions = tools.command('executions').description('the calls there were');
  addListCommand(executions, context, 'tool_executions');
}

async function call(
  context: CliContext,
  options: GlobalOptions,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const answer = await apiClient(context, options).call(path, execution, { method: 'POST', body });
  show(context, options, answer, () => {
    writeRecord(context.stdout, answer);
    const { approval_id: approvalId } = failed.parse(answer);
    if (typeof approvalId === 'string') {
      context.stdout.write(`A person decides: tinman approvals approve ${approvalId}\n`);
    }
  });
}

function textArgument(
  text: string,
  before: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

function jsonArguments(text: string): Readonly<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new CliError(EXIT.usage, `--arguments is not a JSON object: ${String(error).slice(0, 200)}`);
  }
}
