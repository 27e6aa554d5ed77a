import { z } from 'zod';
import { CYCLE_STATES } from '../domain/cycle';
import type { ScheduledRequest } from '../domain/schedule';
import { refusalOfBudget, scheduleScope } from '../domain/schedule-budget';
import type { Budgets } from '../ports/budgets';
import type { ScheduleRecords, ScheduleRun } from '../ports/schedules';
import { appendInTransaction } from './audit-trail';
import type { PrismaClient } from './client';

const SHOWN_RUNS = 20;
/** A change waits for Temporal within its transaction. */
const CHANGE_TIMEOUT_MS = 20_000;

const runRow = z.object({
  id: z.string(),
  at: z.date(),
  skip_reason: z.string().nullable(),
  state: z.enum(CYCLE_STATES).nullable(),
});

/** What PostgreSQL keeps of schedules, under their budgets. */
export function createScheduleRecords(
  prisma: PrismaClient,
  budgets: Pick<Budgets, 'statusOf'>,
): ScheduleRecords {
  return {
    async admit(offered) {
      const { cycleId, workflowId, request, obstacle } = offered;
      const { id: scheduleId } = request.schedule;
      const earlier = await prisma.scheduleRun.findUnique({ where: { id: cycleId } });
      if (earlier !== null) return earlier.skipReason;
      const skipReason = obstacle ?? (await refusalOf(budgets, request));
      await prisma.$transaction(async (tx) => {
        await tx.scheduleRun.createMany({ data: { id: cycleId, scheduleId, workflowId, skipReason } });
        if (skipReason === null) return;
        await appendInTransaction(tx, [
          {
            key: `schedule_skipped/${cycleId}`,
            eventType: 'schedule_skipped',
            actor: 'workflow',
            subjectType: 'schedule',
            subjectId: scheduleId,
            details: { reason: skipReason, workflow_id: workflowId },
          },
        ]);
      });
      return skipReason;
    },

    runsOf: (scheduleId) => readRuns(prisma, scheduleId),

    audited: (event, change) =>
      prisma.$transaction(
        async (tx) => {
          await appendInTransaction(tx, [event]);
          await change();
        },
        { timeout: CHANGE_TIMEOUT_MS },
      ),
  };
}

async function refusalOf(
  budgets: Pick<Budgets, 'statusOf'>,
  { schedule, budgetMicroUsd }: ScheduledRequest,
): Promise<string | null> {
  if (schedule.budget === null) return null;
  const [status] = await budgets.statusOf([scheduleScope(schedule.id, schedule.budget)]);
  if (status === undefined) throw new Error(`the budget of the schedule ${schedule.id} has no status`);
  return refusalOfBudget(status, budgetMicroUsd ?? schedule.budget.limitMicroUsd);
}

async function readRuns(prisma: PrismaClient, scheduleId: string): Promise<readonly ScheduleRun[]> {
  const rows = await prisma.$queryRaw`
    SELECT r.id, r.created_at AS at, r.skip_reason, c.state
    FROM schedule_runs r LEFT JOIN research_cycles c ON c.id = r.id
    WHERE r.schedule_id = ${scheduleId} ORDER BY r.created_at DESC LIMIT ${SHOWN_RUNS}`;
  return z
    .array(runRow)
    .parse(rows)
    .map(({ id, at, skip_reason: skipReason, state }) => ({
      at,
      cycleId: skipReason === null ? id : null,
      cycleState: state,
      skipReason,
    }));
}
