import { z } from 'zod';
import { CYCLE_STATES } from '../domain/cycle';
import { microOfUsd, usdOfMicro } from '../domain/money';
import { OVERLAP_POLICIES, type ScheduledRequest } from '../domain/schedule';
import { SCHEDULE_PERIODS } from '../domain/schedule-budget';
import type { NewSchedule, Schedule, ScheduleDetail } from '../ports/schedules';
import { CycleBody, toCycleRequest } from './cycle-request';
import { text, timestamp } from './schemas';

const MAX_INTERVAL_SECONDS = 365 * 86_400;
const MAX_JITTER_SECONDS = 86_400;

const usd = z.number().min(0);
const period = z.enum(SCHEDULE_PERIODS);
const overlap = z.enum(OVERLAP_POLICIES);
const scheduleId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be lower-case letters, digits, - and _, at most 64');

export const ScheduleParams = z.object({ id: scheduleId });

/** What a schedule is made from. */
export const ScheduleBody = z
  .strictObject({
    id: scheduleId.describe('What people call it.'),
    cron: text(200)
      .min(1)
      .nullish()
      .describe('Five fields, or six with a year, or seven with seconds before; or `@daily` and the like.'),
    every_seconds: z
      .int()
      .min(1)
      .max(MAX_INTERVAL_SECONDS)
      .nullish()
      .describe('In place of `cron`; counted from the beginning of 1970.'),
    timezone: text(64).min(1).default('UTC').describe('What `cron` is meant in; an IANA name.'),
    jitter_seconds: z
      .int()
      .min(0)
      .max(MAX_JITTER_SECONDS)
      .default(0)
      .describe('Each start is later by a random time up to this.'),
    overlap: overlap.default('skip').describe('What becomes of a time that comes while a cycle still runs.'),
    budget: z
      .strictObject({ limit_usd: usd.max(1_000_000), period })
      .nullish()
      .describe('The most that its cycles together may spend in a period.'),
    paused: z.boolean().default(false).describe('It waits until it is resumed or triggered.'),
    cycle: CycleBody.prefault({}),
  })
  .refine(({ cron, every_seconds: every }) => (cron == null) !== (every == null), {
    path: ['cron'],
    error: 'Give either cron or every_seconds.',
  })
  .refine(({ budget, cycle }) => budget == null || (cycle.budget_usd ?? Infinity) <= budget.limit_usd, {
    path: ['cycle', 'budget_usd'],
    error: 'With a budget for the schedule, each cycle needs one of its own that is no larger.',
  })
  .meta({ id: 'ScheduleRequest' });

export const ScheduleResource = z
  .object({
    id: z.string(),
    cron: z.string().nullable(),
    every_seconds: z.int().nullable(),
    timezone: z.string(),
    jitter_seconds: z.int(),
    overlap,
    budget: z.object({ limit_usd: usd, period }).nullable(),
    cycle: z.looseObject({ target: z.string() }).describe('The request of each cycle.'),
    created_by: z.string().describe('In whose name its cycles run.'),
    paused: z.boolean(),
    note: z.string().nullable().describe('Who paused or resumed it last, and why.'),
    next_times: z.array(timestamp).describe('When it starts cycles next; while it is paused, when it would.'),
  })
  .meta({ id: 'Schedule' });

export const ScheduleDetailResource = ScheduleResource.extend({
  created_at: timestamp,
  remaining_usd: usd.nullable().describe('What is left of its budget now; null without one.'),
  skipped_overlap: z.int().describe('Times skipped because a cycle still ran.'),
  missed: z.int().describe('Times that passed while Temporal was down; they are not made up for.'),
  runs: z
    .array(
      z.object({
        at: timestamp,
        cycle_id: z.guid().nullable().describe('Null when no cycle was started.'),
        cycle_state: z.enum(CYCLE_STATES).nullable(),
        skip_reason: z.string().nullable().describe('Why no cycle was started.'),
      }),
    )
    .describe('The latest twenty, newest first.'),
}).meta({ id: 'ScheduleDetail' });

export const ScheduleList = z.object({ items: z.array(ScheduleResource) }).meta({ id: 'ScheduleList' });

/** The request with every default applied. */
export function toNewSchedule(body: z.output<typeof ScheduleBody>, defaultTarget: string): NewSchedule {
  const { id, paused, budget } = body;
  return {
    id,
    paused,
    timing: {
      cron: body.cron ?? null,
      everySeconds: body.every_seconds ?? null,
      timezone: body.timezone,
      jitterSeconds: body.jitter_seconds,
      overlap: body.overlap,
    },
    request: toCycleRequest(body.cycle, defaultTarget),
    budget: budget == null ? null : { limitMicroUsd: microOfUsd(budget.limit_usd), period: budget.period },
  };
}

export function presentSchedule(schedule: Schedule): z.infer<typeof ScheduleResource> {
  const { timing, request } = schedule;
  const { budget } = request.schedule;
  return {
    id: schedule.id,
    cron: timing.cron,
    every_seconds: timing.everySeconds,
    timezone: timing.timezone,
    jitter_seconds: timing.jitterSeconds,
    overlap: timing.overlap,
    budget: budget === null ? null : { limit_usd: usdOfMicro(budget.limitMicroUsd), period: budget.period },
    cycle: presentRequest(request),
    created_by: schedule.createdBy,
    paused: schedule.paused,
    note: schedule.note,
    next_times: schedule.nextTimes.map((time) => time.toISOString()),
  };
}

export function presentScheduleDetail(
  schedule: ScheduleDetail,
  remaining: number | null,
): z.infer<typeof ScheduleDetailResource> {
  return {
    ...presentSchedule(schedule),
    created_at: schedule.createdAt.toISOString(),
    remaining_usd: remaining,
    skipped_overlap: schedule.skippedOverlap,
    missed: schedule.missed,
    runs: schedule.runs.map(({ at, cycleId, cycleState, skipReason }) => ({
      at: at.toISOString(),
      cycle_id: cycleId,
      cycle_state: cycleState,
      skip_reason: skipReason,
    })),
  };
}

/** As it could be asked for again. */
function presentRequest(request: ScheduledRequest): z.input<typeof CycleBody> & { readonly target: string } {
  return {
    focus: request.focus,
    target: request.target,
    max_hypotheses: request.maxHypotheses,
    max_experiments: request.maxExperiments,
    runs_per_experiment: request.runsPerExperiment,
    replay_pairs: request.replayPairs,
    budget_usd: request.budgetMicroUsd === null ? null : usdOfMicro(request.budgetMicroUsd),
    regressions: request.regressions === true,
  };
}
