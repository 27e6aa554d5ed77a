import { randomUUID } from 'node:crypto';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import type {
  Client,
  ScheduleDescription,
  ScheduleHandle,
  ScheduleSpec,
  ScheduleSummary,
} from '@temporalio/client';
import type { AuditEventType } from '../domain/audit-events';
import { DomainError } from '../domain/errors';
import type { OverlapPolicy, ScheduledCycleInput, ScheduleTerms } from '../domain/schedule';
import type { AuditEvent } from '../ports/audit';
import type { NewSchedule, Schedule, ScheduleGateway, ScheduleRecords } from '../ports/schedules';
import type { TargetDirectory } from '../ports/target';
import { isEncrypted } from './connection';
import { hashOf } from './request-hash';
import { scheduleCall } from './schedule-call';

const WORKFLOW_TYPE = 'scheduledCycle';
/** Tells our schedules from others in the namespace. */
const PREFIX = 'tinman-';
const MEMO = 'tinman';
/** What was missed for longer, while Temporal was down, is not made up for. */
const CATCHUP_WINDOW = '1 minute';
const CALL_TIMEOUT_MS = 10_000;

const OVERLAP: Readonly<Record<OverlapPolicy, ScheduleOverlapPolicy>> = {
  skip: ScheduleOverlapPolicy.SKIP,
  buffer_one: ScheduleOverlapPolicy.BUFFER_ONE,
  buffer_all: ScheduleOverlapPolicy.BUFFER_ALL,
  cancel_other: ScheduleOverlapPolicy.CANCEL_OTHER,
  allow_all: ScheduleOverlapPolicy.ALLOW_ALL,
};

export interface ScheduleGatewayDeps {
  readonly client: Client;
  readonly taskQueue: string;
  readonly targets: TargetDirectory;
  readonly records: ScheduleRecords;
}

/** Temporal is where schedules are kept; every change of one is audited in the transaction that waits for it. */
export function createScheduleGateway(deps: ScheduleGatewayDeps): ScheduleGateway {
  const { client, records } = deps;
  const seen = async (id: string): Promise<Schedule> => toSchedule(id, await describe(client, id));
  const change = async (
    id: string,
    event: AuditEvent,
    make: (handle: ScheduleHandle) => Promise<unknown>,
  ): Promise<void> => {
    const handle = client.schedule.getHandle(PREFIX + id);
    await records.audited(event, async () => void (await within(client, id, () => make(handle))));
  };

  return {
    async create(schedule, by) {
      deps.targets.get(schedule.request.target);
      const { id } = schedule;
      const terms = termsFor(schedule, by);
      await change(id, eventOf('schedule_created', id, by, { ...terms }), () =>
        createInTemporal(deps, schedule, terms),
      );
      return seen(id);
    },

    async list() {
      const found = await within(client, '', () => collect(client));
      return found.toSorted((a, b) => a.id.localeCompare(b.id));
    },

    async get(id) {
      const [description, runs] = await Promise.all([describe(client, id), records.runsOf(id)]);
      const { createdAt, numActionsSkippedOverlap, numActionsMissedCatchupWindow } = description.info;
      return {
        ...toSchedule(id, description),
        createdAt,
        skippedOverlap: numActionsSkippedOverlap,
        missed: numActionsMissedCatchupWindow,
        runs,
      };
    },

    async setPaused(id, paused, by, reason) {
      await describe(client, id);
      const event = eventOf(paused ? 'schedule_paused' : 'schedule_resumed', id, by, { reason });
      const what = paused ? 'paused' : 'resumed';
      // Notes are never encrypted.
      const note = isEncrypted(client) ? what : noteOf(what, by, reason);
      await change(id, event, (handle) => (paused ? handle.pause(note) : handle.unpause(note)));
      return seen(id);
    },

    async trigger(id, by) {
      await describe(client, id);
      await change(id, eventOf('schedule_triggered', id, by, {}), (handle) => handle.trigger());
    },

    async remove(id, by) {
      const { terms } = await describe(client, id);
      await change(id, eventOf('schedule_deleted', id, by, { ...terms }), (handle) => handle.delete());
    },
  };
}

function within<T>(client: Client, id: string, ask: () => Promise<T>): Promise<T> {
  return scheduleCall(id, () => client.withDeadline(Date.now() + CALL_TIMEOUT_MS, ask));
}

type Ours<T> = T & { readonly terms: ScheduleTerms };

async function describe(client: Client, id: string): Promise<Ours<ScheduleDescription>> {
  const description = await within(client, id, () => client.schedule.getHandle(PREFIX + id).describe());
  const ours = withTerms(description);
  if (ours === undefined) throw new DomainError('not_found', `there is no schedule ${id}`);
  return ours;
}

function termsFor({ id, timing, request, budget }: NewSchedule, createdBy: string): ScheduleTerms {
  return { timing, request: { ...request, schedule: { id, budget } }, createdBy };
}

async function createInTemporal(
  { client, taskQueue }: ScheduleGatewayDeps,
  { id, timing, paused }: NewSchedule,
  terms: ScheduleTerms,
): Promise<void> {
  await client.schedule.create({
    scheduleId: PREFIX + id,
    spec: specOf(terms),
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOW_TYPE,
      workflowId: `schedule-${id}`,
      taskQueue,
      args: [inputOf(client, terms)],
      staticSummary: `A cycle of the schedule ${id}`,
    },
    policies: { overlap: OVERLAP[timing.overlap], catchupWindow: CATCHUP_WINDOW },
    state: { paused },
    memo: { [MEMO]: terms },
  });
}

function inputOf(client: Client, { request, createdBy }: ScheduleTerms): ScheduledCycleInput {
  return {
    request,
    requestedBy: createdBy,
    requestHash: hashOf(request),
    showsFocus: !isEncrypted(client),
  };
}

function specOf({ timing: { cron, everySeconds, timezone, jitterSeconds } }: ScheduleTerms): ScheduleSpec {
  return {
    ...(cron === null ? {} : { cronExpressions: [cron] }),
    ...(everySeconds === null ? {} : { intervals: [{ every: everySeconds * 1_000 }] }),
    timezone,
    jitter: jitterSeconds * 1_000,
  };
}

async function collect(client: Client): Promise<readonly Schedule[]> {
  const found: Schedule[] = [];
  for await (const summary of client.schedule.list()) {
    const ours = withTerms(summary);
    if (ours !== undefined) found.push(toSchedule(summary.scheduleId.slice(PREFIX.length), ours));
  }
  return found;
}

function noteOf(what: string, by: string, reason: string | null): string {
  return `${what} by ${by}${reason === null ? '' : `: ${reason}`}`;
}

/** Undefined when it is not one of ours. */
function withTerms<T extends Pick<ScheduleSummary, 'scheduleId' | 'memo'>>(found: T): Ours<T> | undefined {
  const terms = found.memo?.[MEMO];
  return found.scheduleId.startsWith(PREFIX) && areTerms(terms) ? { ...found, terms } : undefined;
}

/** Only `createInTemporal` writes them. */
function areTerms(memo: unknown): memo is ScheduleTerms {
  return typeof memo === 'object' && memo !== null && 'timing' in memo && 'request' in memo;
}

function toSchedule(
  id: string,
  { terms, state, info }: Ours<Pick<ScheduleSummary, 'state' | 'info'>>,
): Schedule {
  const { note } = state;
  return {
    ...terms,
    id,
    paused: state.paused,
    note: note === undefined || note === '' ? null : note,
    nextTimes: info.nextActionTimes,
  };
}

/** A change of a schedule has no natural key: each is one. */
function eventOf(
  eventType: AuditEventType,
  id: string,
  actor: string,
  details: AuditEvent['details'],
): AuditEvent {
  const key = `${eventType}/${id}/${randomUUID()}`;
  return { key, eventType, actor, subjectType: 'schedule', subjectId: id, details };
}
