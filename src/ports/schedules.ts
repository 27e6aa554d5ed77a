import type { CycleRequest, CycleState } from '../domain/cycle';
import type { ScheduledRequest, ScheduleTerms, ScheduleTiming } from '../domain/schedule';
import type { ScheduleBudget } from '../domain/schedule-budget';
import type { AuditEvent } from './audit';

/** What a person asks for. */
export interface NewSchedule {
  readonly id: string;
  readonly timing: ScheduleTiming;
  readonly request: CycleRequest;
  readonly budget: ScheduleBudget | null;
  readonly paused: boolean;
}

/** A schedule as Temporal has it. */
export interface Schedule extends ScheduleTerms {
  readonly id: string;
  readonly paused: boolean;
  /** Why it is paused, or goes on; null when nobody said. */
  readonly note: string | null;
  readonly nextTimes: readonly Date[];
}

/** A schedule with what it has done. */
export interface ScheduleDetail extends Schedule {
  readonly createdAt: Date;
  /** Times that came while a cycle still ran, and were skipped for it. */
  readonly skippedOverlap: number;
  /** Times that passed while Temporal was down, and are not made up for. */
  readonly missed: number;
  /** The latest, newest first. */
  readonly runs: readonly ScheduleRun[];
}

/** What came of one time of a schedule. */
export interface ScheduleRun {
  readonly at: Date;
  /** Null when no cycle was started. */
  readonly cycleId: string | null;
  /** Null when no cycle was started, or it has not begun yet. */
  readonly cycleState: CycleState | null;
  readonly skipReason: string | null;
}

/** Schedules over Temporal. All that name a schedule throw {DomainError} `not_found` where there is none. */
export interface ScheduleGateway {
  /** @throws {DomainError} `invalid_schedule` when Temporal cannot read the times, `state_conflict` when the id is taken, `unknown_target`. */
  create(schedule: NewSchedule, by: string): Promise<Schedule>;
  /** By id. */
  list(): Promise<readonly Schedule[]>;
  get(id: string): Promise<ScheduleDetail>;
  setPaused(id: string, paused: boolean, by: string, reason: string | null): Promise<Schedule>;
  /** Lets a time come now, under the overlap policy of the schedule. */
  trigger(id: string, by: string): Promise<void>;
  /** Its cycles go on. */
  remove(id: string, by: string): Promise<void>;
}

/** What PostgreSQL keeps of schedules. */
export interface ScheduleRecords {
  /**
   * Decides once for all whether a cycle may start, and records it.
   * @returns why it may not; null when it may.
   */
  admit(offered: {
    readonly cycleId: string;
    readonly workflowId: string;
    readonly request: ScheduledRequest;
    /** Why it cannot run at all, whatever the budget. */
    readonly obstacle: string | null;
  }): Promise<string | null>;
  /** The latest, newest first. */
  runsOf(scheduleId: string): Promise<readonly ScheduleRun[]>;
  /** Makes a change and writes its audit event, or neither. */
  audited(event: AuditEvent, change: () => Promise<void>): Promise<void>;
}
