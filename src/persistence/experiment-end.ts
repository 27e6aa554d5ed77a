import { appendInTransaction } from './audit-trail';
import { storableJson, storableText } from './columns';
import { advancePhase } from './cycle-phase';
import type { EarlyStop } from '../domain/early-stop';
import type { RunOutcome } from '../domain/experiment';
import type { PrismaClient } from './client';

/** Marks a running experiment done; counts the runs in any case. */
export async function finishExperiment(
  prisma: PrismaClient,
  experimentId: string,
  stoppedEarly: EarlyStop | null,
): Promise<Readonly<Record<RunOutcome, number>>> {
  const stopped = stoppedEarly === null ? null : storableJson(stoppedEarly);
  return prisma.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<(Record<RunOutcome, number> & { readonly finished: boolean })[]>`
      WITH finished AS (
        UPDATE experiments SET state = 'done', stopped_early = ${stopped}::jsonb, ended_at = now()
        WHERE id = ${experimentId}::uuid AND state = 'running' RETURNING id
      )
      SELECT count(*) FILTER (WHERE outcome = 'failed')::int AS failed,
             count(*) FILTER (WHERE outcome = 'held')::int AS held,
             count(*) FILTER (WHERE outcome = 'unassessed')::int AS unassessed,
             EXISTS (SELECT 1 FROM finished) AS finished
      FROM experiment_runs WHERE experiment_id = ${experimentId}::uuid`;
    const { failed = 0, held = 0, unassessed = 0, finished = false } = row ?? {};
    if (finished) {
      await appendInTransaction(tx, [
        {
          key: `experiment_finished/${experimentId}`,
          eventType: 'experiment_finished',
          actor: 'workflow',
          subjectType: 'experiment',
          subjectId: experimentId,
          details: {
            failed,
            held,
            unassessed,
            ...(stoppedEarly === null ? {} : { stopped_early: earlyStopDetails(stoppedEarly) }),
          },
        },
      ]);
    }
    return { failed, held, unassessed };
  });
}

function earlyStopDetails({ afterRuns, triggers }: EarlyStop): object {
  return { after_runs: afterRuns, verdicts: triggers.map(({ trigger, verdict }) => ({ trigger, verdict })) };
}

/** Ends an experiment without a result, unless it has ended: `failed` when it broke, `skipped` when it was not to run. */
export async function skipExperiment(
  prisma: PrismaClient,
  experimentId: string,
  reason: string,
  detail: string,
): Promise<void> {
  const state = reason === 'failed' ? 'failed' : 'skipped';
  const storedDetail = storableText(detail);
  await prisma.$transaction(async (tx) => {
    await advancePhase(tx, { experiments: { some: { id: experimentId } } }, 'execution');
    const { count } = await tx.experiment.updateMany({
      where: { id: experimentId, state: { in: ['designed', 'running'] } },
      data: { state, skipReason: reason, detail: storedDetail, endedAt: new Date() },
    });
    if (count === 0) return;
    await appendInTransaction(tx, [
      {
        key: `experiment_${state}/${experimentId}`,
        eventType: `experiment_${state}`,
        actor: 'workflow',
        subjectType: 'experiment',
        subjectId: experimentId,
        details: { reason, detail: storedDetail },
      },
    ]);
  });
}
