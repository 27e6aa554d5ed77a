import { z } from 'zod';
import { remainingUsd } from '../../domain/budget';
import { scheduleScope } from '../../domain/schedule-budget';
import type { ScheduleDetail } from '../../ports/schedules';
import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';
import {
  presentSchedule,
  presentScheduleDetail,
  ScheduleBody,
  ScheduleDetailResource,
  ScheduleList,
  ScheduleParams,
  ScheduleResource,
  toNewSchedule,
} from '../schedule-resource';
import { EmptyBody, text } from '../schemas';

const NO_SCHEDULE = 'There is no such schedule.';

const PauseRequest = z
  .strictObject({ reason: text(500).min(1).nullish() })
  .meta({ id: 'SchedulePauseRequest' });

type Deps = Pick<ApiDeps, 'schedules' | 'budgets' | 'defaultTarget'>;

/** `/schedules`: research that begins by itself. */
export function scheduleRoutes(deps: Deps): readonly Route[] {
  const { schedules } = deps;
  return [
    createRoute(deps),
    defineRoute({
      method: 'GET',
      path: '/schedules',
      tag: 'schedules',
      summary: 'The schedules, by id.',
      access: 'viewer',
      responses: { 200: { description: 'All of them.', schema: ScheduleList } },
      handler: async () => ({ status: 200, body: { items: (await schedules.list()).map(presentSchedule) } }),
    }),
    readRoute(deps),
    removeRoute(deps),
    pauseRoute(deps, 'pause', 'Lets a schedule start nothing until it is resumed; what runs goes on.'),
    pauseRoute(deps, 'resume', 'Lets a paused schedule go on; what it missed is not made up for.'),
    triggerRoute(deps),
  ];
}

function createRoute({ schedules, defaultTarget }: Deps): Route {
  return defineRoute({
    method: 'POST',
    path: '/schedules',
    tag: 'schedules',
    summary: 'Makes a schedule that starts research cycles by cron or at intervals.',
    access: 'operator',
    body: ScheduleBody,
    responses: {
      201: {
        description: 'It is in force.',
        schema: ScheduleResource,
        headers: { Location: 'Where the schedule can be read.' },
      },
    },
    problems: {
      409: 'There is a schedule with this id.',
      422: 'The request breaks its schema, or Temporal cannot read its times: `invalid_schedule`.',
    },
    handler: async ({ body, principal }) => {
      const made = await schedules.create(toNewSchedule(body, defaultTarget), principal.name);
      return {
        status: 201,
        headers: { Location: `/schedules/${made.id}` },
        body: presentSchedule(made),
      };
    },
  });
}

function readRoute({ schedules, budgets }: Deps): Route {
  return defineRoute({
    method: 'GET',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'A schedule with what came of its latest times.',
    access: 'viewer',
    params: ScheduleParams,
    responses: { 200: { description: 'The schedule.', schema: ScheduleDetailResource } },
    problems: { 404: NO_SCHEDULE },
    handler: async ({ params }) => {
      const schedule = await schedules.get(params.id);
      return { status: 200, body: presentScheduleDetail(schedule, await remainingOf(budgets, schedule)) };
    },
  });
}

function removeRoute({ schedules }: Deps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'Ends a schedule for good; its cycles and records stay.',
    access: 'operator',
    params: ScheduleParams,
    responses: { 204: { description: 'It is gone.' } },
    problems: { 404: NO_SCHEDULE },
    handler: async ({ params, principal }) => {
      await schedules.remove(params.id, principal.name);
      return { status: 204 };
    },
  });
}

function pauseRoute({ schedules }: Deps, verb: 'pause' | 'resume', summary: string): Route {
  return defineRoute({
    method: 'POST',
    path: `/schedules/:id/${verb}`,
    tag: 'schedules',
    summary,
    access: 'operator',
    params: ScheduleParams,
    body: PauseRequest,
    responses: { 200: { description: 'It is so now.', schema: ScheduleResource } },
    problems: { 404: NO_SCHEDULE },
    handler: async ({ params, body, principal }) => {
      const reason = body.reason ?? null;
      const schedule = await schedules.setPaused(params.id, verb === 'pause', principal.name, reason);
      return { status: 200, body: presentSchedule(schedule) };
    },
  });
}

function triggerRoute({ schedules }: Deps): Route {
  const Triggered = z.object({ id: z.string() }).meta({ id: 'TriggeredSchedule' });
  return defineRoute({
    method: 'POST',
    path: '/schedules/:id/trigger',
    tag: 'schedules',
    summary: 'Lets a time of a schedule come now, also while it is paused.',
    access: 'operator',
    params: ScheduleParams,
    body: EmptyBody,
    responses: { 202: { description: 'Asked; its overlap policy and budget hold.', schema: Triggered } },
    problems: { 404: NO_SCHEDULE },
    handler: async ({ params, principal }) => {
      await schedules.trigger(params.id, principal.name);
      return { status: 202, body: { id: params.id } };
    },
  });
}

async function remainingOf(
  budgets: ApiDeps['budgets'],
  { id, request }: ScheduleDetail,
): Promise<number | null> {
  const { budget } = request.schedule;
  if (budget === null) return null;
  const [status] = await budgets.statusOf([scheduleScope(id, budget)]);
  return status === undefined ? null : remainingUsd(status);
}
