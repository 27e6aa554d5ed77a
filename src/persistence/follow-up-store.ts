import { DomainError } from '../domain/errors';
import { appendInTransaction } from './audit-trail';
import { fromJson, member, money, storableJson, storableText } from './columns';
import { insertMissing, insertMissingWithBills } from './insert-rows';
import { RUN_COLUMNS, runRow, toRunFigures } from './recorded-run';
import type { AuditEvent } from '../ports/audit';
import type { FollowUpReport } from '../domain/trigger-report';
import type {
  FollowUpStore,
  NewFollowUp,
  RecordedFollowUpRun,
  StoredFollowUp,
} from '../ports/follow-up-store';
import type { PrismaClient } from './client';
import type { FollowUp, FollowUpRun } from './generated/client';

const FOLLOW_UPS = {
  table: 'follow_ups',
  columns: {
    id: 'uuid',
    failure_id: 'uuid',
    cycle_id: 'uuid',
    state: 'text',
    skip_reason: 'text',
    detail: 'text',
    calls_permitted: 'integer',
    cost_limit_micro_usd: 'bigint',
    estimated_cost_micro_usd: 'bigint',
    ended_at: 'timestamptz',
  },
} as const;

const RUNS = {
  table: 'follow_up_runs',
  columns: { ...RUN_COLUMNS, follow_up_id: 'uuid', ordinal: 'integer', step: 'text', change: 'text' },
} as const;

const STATES = ['planned', 'running', 'done', 'skipped', 'failed'] as const;
const STEPS = ['minimise', 'verify', 'vary'] as const;

export function createFollowUpStore(prisma: PrismaClient): FollowUpStore {
  const ofFailure = async (failureId: string): Promise<StoredFollowUp> => {
    const row = await prisma.followUp.findUnique({ where: { failureId } });
    if (row === null) throw new DomainError('not_found', `failure ${failureId} has no follow-up`);
    return toFollowUp(row);
  };
  return {
    plan: (followUps) => plan(prisma, followUps),
    async list(cycleId) {
      const rows = await prisma.followUp.findMany({
        where: { cycleId },
        orderBy: [{ failure: { severity: 'desc' } }, { failure: { triggerSignature: 'asc' } }],
      });
      return rows.map(toFollowUp);
    },
    ofFailure,
    async begin(failureId) {
      const begun = await beginFirst(prisma, failureId);
      if (begun !== undefined) return { followUp: begun, recorded: [] };
      const followUp = await ofFailure(failureId);
      const rows = await prisma.followUpRun.findMany({
        where: { followUpId: followUp.id },
        orderBy: { ordinal: 'asc' },
      });
      return { followUp, recorded: rows.map(toRun) };
    },
    async keepParaphrases(id, paraphrases) {
      await prisma.$executeRaw`
        UPDATE follow_ups SET paraphrases = ${storableJson(paraphrases)}::jsonb
        WHERE id = ${id}::uuid AND paraphrases IS NULL`;
      const { paraphrases: kept } = toFollowUp(await prisma.followUp.findUniqueOrThrow({ where: { id } }));
      return kept ?? [];
    },
    async recordRuns(followUpId, runs, settlements) {
      const rows = runs.map((run) => ({
        ...runRow(run),
        follow_up_id: followUpId,
        ordinal: run.ordinal,
        step: run.step,
        change: run.change,
      }));
      await insertMissingWithBills(prisma, RUNS, rows, settlements);
    },
    finish: (id, result) => finish(prisma, id, result),
    skip: (id, reason, detail) => skip(prisma, id, reason, detail),
  };
}

async function plan(prisma: PrismaClient, followUps: readonly NewFollowUp[]): Promise<void> {
  const now = new Date();
  const rows = followUps.map(({ skipped, ...followUp }) => ({
    id: followUp.id,
    failure_id: followUp.failureId,
    cycle_id: followUp.cycleId,
    state: skipped === null ? 'planned' : 'skipped',
    skip_reason: skipped?.reason ?? null,
    detail: skipped === null ? null : storableText(skipped.detail),
    calls_permitted: followUp.callsPermitted,
    cost_limit_micro_usd: followUp.costLimitMicroUsd,
    estimated_cost_micro_usd: followUp.estimatedCostMicroUsd,
    ended_at: skipped === null ? null : now,
  }));
  const left = followUps.flatMap(({ id, skipped }) =>
    skipped === null ? [] : [followUpEvent('follow_up_skipped', id, skipped)],
  );
  await prisma.$transaction(async (tx) => {
    await insertMissing(tx, FOLLOW_UPS, rows);
    if (left.length > 0) await appendInTransaction(tx, left);
  });
}

/** The follow-up when this call began it: it then has no plays yet. Undefined when it had begun or ended before. */
async function beginFirst(prisma: PrismaClient, failureId: string): Promise<StoredFollowUp | undefined> {
  return prisma.$transaction(async (tx) => {
    const [row] = await tx.followUp.updateManyAndReturn({
      where: { failureId, state: 'planned' },
      data: { state: 'running' },
    });
    if (row === undefined) return undefined;
    const details = { failure_id: failureId, cycle_id: row.cycleId, calls_permitted: row.callsPermitted };
    await appendInTransaction(tx, [followUpEvent('follow_up_started', row.id, details)]);
    return toFollowUp(row);
  });
}

/** Keeps the result of a running follow-up; where it has ended, the end stands. */
async function finish(prisma: PrismaClient, id: string, result: FollowUpReport): Promise<void> {
  const { count, n } = result.reproducibility;
  await prisma.$transaction(async (tx) => {
    const finished = await tx.$executeRaw`
      UPDATE follow_ups
      SET state = 'done', result = ${storableJson(result)}::jsonb, varied_failed = ${count}, varied_assessed = ${n},
          ended_at = now()
      WHERE id = ${id}::uuid AND state = 'running'`;
    if (finished === 0) return;
    const { reduced, bytes, originalBytes } = result.minimalStimulus;
    const details = {
      calls: result.calls,
      reduced,
      bytes,
      original_bytes: originalBytes,
      failed: count,
      assessed: n,
    };
    await appendInTransaction(tx, [followUpEvent('follow_up_finished', id, details)]);
  });
}

/** Ends a follow-up without a result, unless it has ended: `failed` when it broke, `skipped` when it was not to run. */
async function skip(prisma: PrismaClient, id: string, reason: string, detail: string): Promise<void> {
  const state = reason === 'failed' ? 'failed' : 'skipped';
  const storedDetail = storableText(detail);
  await prisma.$transaction(async (tx) => {
    const { count } = await tx.followUp.updateMany({
      where: { id, state: { in: ['planned', 'running'] } },
      data: { state, skipReason: reason, detail: storedDetail, endedAt: new Date() },
    });
    if (count === 0) return;
    await appendInTransaction(tx, [
      followUpEvent(`follow_up_${state}`, id, { reason, detail: storedDetail }),
    ]);
  });
}

function followUpEvent(
  eventType: AuditEvent['eventType'],
  followUpId: string,
  details: Record<string, unknown>,
): AuditEvent {
  return {
    key: `${eventType}/${followUpId}`,
    eventType,
    actor: 'workflow',
    subjectType: 'follow_up',
    subjectId: followUpId,
    details,
  };
}

function toFollowUp(row: FollowUp): StoredFollowUp {
  return {
    id: row.id,
    failureId: row.failureId,
    cycleId: row.cycleId,
    state: member(STATES, row.state),
    callsPermitted: row.callsPermitted,
    costLimitMicroUsd: money(row.costLimitMicroUsd),
    estimatedCostMicroUsd: money(row.estimatedCostMicroUsd),
    paraphrases: row.paraphrases === null ? null : fromJson<string[][]>(row.paraphrases),
    result: row.result === null ? null : fromJson<FollowUpReport>(row.result),
  };
}

function toRun(row: FollowUpRun): RecordedFollowUpRun {
  return { ...toRunFigures(row), ordinal: row.ordinal, step: member(STEPS, row.step), change: row.change };
}
