import { DomainError } from '../../src/domain/errors';
import type { NewSchedule, Schedule, ScheduleGateway } from '../../src/ports/schedules';

const NEXT = new Date('2026-11-24T03:00:00Z');

/** Schedules in memory, which start nothing; `bad` stands for a cron expression that Temporal refuses. */
export class FakeSchedules implements ScheduleGateway {
  /** What was done, by whom. */
  readonly done: (readonly [what: string, id: string, by: string])[] = [];
  private readonly kept = new Map<string, Schedule>();

  create({ id, timing, request, budget, paused }: NewSchedule, by: string): Promise<Schedule> {
    if (timing.cron === 'bad') return Promise.reject(new DomainError('invalid_schedule', 'not a cron'));
    if (this.kept.has(id)) return Promise.reject(new DomainError('state_conflict', 'there is one already'));
    const made = { id, timing, request: { ...request, schedule: { id, budget } }, createdBy: by };
    this.done.push(['create', id, by]);
    return this.keep({ ...made, paused, note: null, nextTimes: [NEXT] });
  }

  list(): Promise<readonly Schedule[]> {
    return Promise.resolve([...this.kept.values()]);
  }

  async get(id: string) {
    const runs = [
      { at: NEXT, cycleId: null, cycleState: null, skipReason: 'the budget schedule:nightly has $0 left' },
    ];
    return { ...(await this.find(id)), createdAt: NEXT, skippedOverlap: 2, missed: 0, runs };
  }

  async setPaused(id: string, paused: boolean, by: string, reason: string | null): Promise<Schedule> {
    const found = await this.find(id);
    this.done.push([paused ? 'pause' : 'resume', id, by]);
    return this.keep({ ...found, paused, note: reason });
  }

  async trigger(id: string, by: string): Promise<void> {
    await this.find(id);
    this.done.push(['trigger', id, by]);
  }

  async remove(id: string, by: string): Promise<void> {
    await this.find(id);
    this.kept.delete(id);
    this.done.push(['remove', id, by]);
  }

  private keep(schedule: Schedule): Promise<Schedule> {
    this.kept.set(schedule.id, schedule);
    return Promise.resolve(schedule);
  }

  private find(id: string): Promise<Schedule> {
    const found = this.kept.get(id);
    if (found !== undefined) return Promise.resolve(found);
    return Promise.reject(new DomainError('not_found', `there is no schedule ${id}`));
  }
}
