import { Option, type Command } from 'commander';
import { z } from 'zod';
import { OVERLAP_POLICIES } from '../../domain/schedule';
import { SCHEDULE_PERIODS } from '../../domain/schedule-budget';
import type { CliContext, GlobalOptions } from '../context';
import { cycleRequestOf, withCycleRequest, type CycleRequestOptions } from '../cycle-request';
import { dollars, seconds } from '../option-values';
import { apiClient } from '../settings';
import { show } from '../show';
import { field, writeRecord, writeTable, type Row } from '../table';

const schedule = z.looseObject({ id: z.string(), paused: z.boolean(), next_times: z.array(z.string()) });
const list = z.looseObject({ items: z.array(schedule) });

const COLUMNS = [
  field('id'),
  field('cron'),
  field('every_seconds', 'every s'),
  field('timezone'),
  field('overlap'),
  field('paused'),
  {
    heading: 'next',
    value: (row: Row) => schedule.parse(row).next_times[0],
  },
];

interface CreateOptions extends GlobalOptions, CycleRequestOptions {
  readonly cron?: string;
  readonly every?: number;
  readonly timezone?: string;
  readonly jitter?: number;
  readonly overlap?: string;
  readonly limitUsd?: number;
  readonly period: string;
  readonly paused?: boolean;
}

/** `tinman schedule …`: research that begins by itself. */
export function addScheduleCommands(program: Command, context: CliContext): void {
  const group = program.command('schedule').description('have research cycles start by themselves');
  addCreate(group, context);
  group
    .command('list')
    .description('list the schedules, by id')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const found = await apiClient(context, options).call('/schedules', list);
      show(context, options, found, () => writeTable(context.stdout, COLUMNS, found.items));
    });
  group
    .command('show')
    .argument('<id>', 'id of the schedule')
    .description('show a schedule, and what came of its latest times')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const found = await apiClient(context, options).call(pathOf(id), schedule);
      show(context, options, found, () => writeRecord(context.stdout, found));
    });
  addPause(group, context, 'pause', 'let a schedule start nothing until it is resumed');
  addPause(group, context, 'resume', 'let a paused schedule go on; what it missed is not made up for');
  addTrigger(group, context);
  addDelete(group, context);
}

function addCreate(group: Command, context: CliContext): void {
  const create = group
    .command('create')
    .argument('<id>', 'what to call it: lower-case letters, digits, - and _')
    .description('make a schedule that starts research cycles by cron or at intervals')
    .addOption(new Option('--cron <expression>', 'five fields, or @daily and the like').conflicts('every'))
    .option('--every <time>', 'in place of --cron: 15m, 24h, 7d', seconds)
    .option('--timezone <name>', 'what --cron is meant in (default UTC)')
    .option('--jitter <time>', 'start each cycle later by a random time up to this', seconds)
    .addOption(
      new Option('--overlap <policy>', 'when a cycle still runs (default skip)').choices(OVERLAP_POLICIES),
    )
    .option('--limit-usd <amount>', 'the most its cycles together may spend in a period', dollars)
    .addOption(new Option('--period <period>', 'of --limit-usd').choices(SCHEDULE_PERIODS).default('daily'))
    .option('--paused', 'let it wait until it is resumed or triggered');
  withCycleRequest(create)
    .option('--regressions', 'replay every known failure of the target')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const made = await apiClient(context, options).call('/schedules', schedule, {
        method: 'POST',
        body: bodyOf(id, options),
      });
      show(context, options, made, () => {
        const [next] = made.next_times;
        const when = made.paused ? 'it is paused' : `its first cycle starts at ${next ?? 'no time'}`;
        context.stdout.write(`Made the schedule ${id}; ${when}.\n`);
      });
    });
}

function bodyOf(id: string, options: CreateOptions): Record<string, unknown> {
  const { limitUsd, period } = options;
  return {
    id,
    cron: options.cron,
    every_seconds: options.every,
    timezone: options.timezone,
    jitter_seconds: options.jitter,
    overlap: options.overlap,
    budget: limitUsd === undefined ? undefined : { limit_usd: limitUsd, period },
    paused: options.paused,
    cycle: cycleRequestOf(options),
  };
}

function addPause(group: Command, context: CliContext, verb: 'pause' | 'resume', description: string): void {
  group
    .command(verb)
    .argument('<id>', 'id of the schedule')
    .option('--reason <text>', 'why; kept in the audit log')
    .description(description)
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly reason?: string }>();
      const request = { method: 'POST', body: { reason: options.reason } } as const;
      const done = await apiClient(context, options).call(`${pathOf(id)}/${verb}`, schedule, request);
      show(context, options, done, () =>
        context.stdout.write(`The schedule ${id} ${done.paused ? 'is paused' : 'goes on'}.\n`),
      );
    });
}

function addTrigger(group: Command, context: CliContext): void {
  group
    .command('trigger')
    .argument('<id>', 'id of the schedule')
    .description('let a time of a schedule come now, also while it is paused')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const request = { method: 'POST', body: {} } as const;
      const asked = await apiClient(context, options).call(
        `${pathOf(id)}/trigger`,
        z.looseObject({}),
        request,
      );
      show(context, options, asked, () =>
        context.stdout.write(`Triggered ${id}; see what came of it with: tinman schedule show ${id}\n`),
      );
    });
}

function addDelete(group: Command, context: CliContext): void {
  group
    .command('delete')
    .argument('<id>', 'id of the schedule')
    .description('end a schedule for good; its cycles and records stay')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      await apiClient(context, options).call(pathOf(id), z.undefined(), { method: 'DELETE' });
      show(context, options, { id, deleted: true }, () =>
        context.stdout.write(`Deleted the schedule ${id}.\n`),
      );
    });
}

function pathOf(id: string): string {
  return `/schedules/${encodeURIComponent(id)}`;
}
