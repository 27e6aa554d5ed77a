import type { Command } from 'commander';
import { z } from 'zod';
import type { CliContext, GlobalOptions } from '../context';
import { cycleRequestOf, withCycleRequest, type CycleRequestOptions } from '../cycle-request';
import { writeCycleSummary } from '../cycle-summary';
import { cycleDetailSchema, followCycle, type CycleDetail } from '../cycle-view';
import { EXIT, type ExitCode } from '../exit';
import { requireWritable, writeFormats, type FormatOptions } from '../formats';
import { regressionExit } from '../regressions';
import { apiClient } from '../settings';
import { show } from '../show';
import { writeRecord } from '../table';
import { addListCommand } from './records';

const started = z.looseObject({ id: z.string(), workflow_id: z.string() });
const answer = z.looseObject({});

interface WatchOptions extends GlobalOptions, FormatOptions {}

interface StartOptions extends WatchOptions, CycleRequestOptions {
  readonly idempotencyKey?: string;
  readonly watch?: boolean;
}

/** `tinman cycle …`: start, follow and steer research cycles. */
export function addCycleCommands(program: Command, context: CliContext): void {
  const cycle = program.command('cycle').description('start, follow and steer research cycles');
  addStart(cycle, context);
  addListCommand(cycle, context, 'cycles');
  cycle
    .command('show')
    .argument('<id>', 'id of the cycle')
    .description('show a cycle with its progress and result')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const found = await apiClient(context, options).call(pathOf(id), cycleDetailSchema);
      show(context, options, found, () => writeRecord(context.stdout, found));
    });
  withFormats(cycle.command('watch'))
    .argument('<id>', 'id of the cycle')
    .description(
      'follow a cycle to its end; exit code 1 when it failed or was cancelled, or a known failure shows',
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      await watch(context, command.optsWithGlobals<WatchOptions>(), id);
    });
  addSteer(cycle, context, 'cancel', 'end a cycle early; what it has recorded is kept');
  addSteer(cycle, context, 'pause', 'let a cycle start nothing new until it is resumed');
  addSteer(cycle, context, 'resume', 'let a paused cycle go on');
}

function addStart(cycle: Command, context: CliContext): void {
  const start = cycle
    .command('start')
    .description('start a research cycle; prints its id, or follows it with --watch');
  withCycleRequest(start)
    .option('--idempotency-key <key>', 'the same key starts the cycle only once')
    .option('--watch', 'follow the cycle to its end')
    .option('--regressions', 'replay every known failure of the target, and follow it to the end');
  withFormats(start).action(async (_options: unknown, command: Command) => {
    const options = command.optsWithGlobals<StartOptions>();
    await requireWritable(options);
    const cycleStarted = await apiClient(context, options).call('/research/cycle', started, {
      method: 'POST',
      body: cycleRequestOf(options),
      ...(options.idempotencyKey === undefined
        ? {}
        : { headers: { 'idempotency-key': options.idempotencyKey } }),
    });
    if (isFollowed(options)) return watch(context, options, cycleStarted.id);
    show(context, options, cycleStarted, () => {
      context.stdout.write(
        `Started ${cycleStarted.id}; follow it with: tinman cycle watch ${cycleStarted.id}\n`,
      );
    });
  });
}

function isFollowed({ watch: wanted, regressions, junit, sarif }: StartOptions): boolean {
  return wanted === true || regressions === true || junit !== undefined || sarif !== undefined;
}

function withFormats(command: Command): Command {
  return command
    .option('--junit <file>', 'write what it came to as JUnit XML, once it has ended')
    .option('--sarif <file>', 'write what it found as SARIF 2.1.0, once it has ended');
}

async function watch(context: CliContext, options: WatchOptions, id: string): Promise<void> {
  await requireWritable(options);
  const client = apiClient(context, options);
  const ended = await followCycle(client, id, context.stderr, context.signal);
  if (options.json === true) show(context, options, ended, () => undefined);
  else await writeCycleSummary(client, ended, context.stdout);
  await writeFormats(options, ended);
  context.setExitCode(exitOf(ended));
}

function exitOf({ state, result }: CycleDetail): ExitCode {
  if (state === 'failed' || state === 'cancelled') return EXIT.failed;
  return regressionExit(result?.regressions ?? []);
}

function addSteer(
  cycle: Command,
  context: CliContext,
  verb: 'cancel' | 'pause' | 'resume',
  description: string,
): void {
  cycle
    .command(verb)
    .argument('<id>', 'id of the cycle')
    .description(description)
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const request = { method: 'POST', body: {} } as const;
      const taken = await apiClient(context, options).call(`${pathOf(id)}/${verb}`, answer, request);
      show(context, options, taken, () => context.stdout.write(`Asked cycle ${id} to ${verb}.\n`));
    });
}

function pathOf(id: string): string {
  return `/research/cycles/${encodeURIComponent(id)}`;
}
