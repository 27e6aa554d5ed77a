import { DomainError } from '../domain/errors';
import { appendInTransaction } from './audit-trail';
import { storableTextOrNull } from './columns';
import { phasesBefore } from './cycle-phase';
import { settleInTransaction } from './ledger';
import type { AuditEvent } from '../ports/audit';
import type { CyclePhase, EndedCycleState } from '../domain/cycle';
import type { PrismaClient, Transaction } from './client';

interface CycleEnd {
  readonly cycleId: string;
  readonly state: EndedCycleState;
  readonly phase: CyclePhase;
  readonly error: string | null;
}

/** Why steps that had not ended were left: the reason recorded on each of them. */
const LEFT_BECAUSE: Readonly<Record<EndedCycleState, string>> = {
  completed: 'failed',
  budget_exhausted: 'budget',
  cancelled: 'cancelled',
  failed: 'failed',
};

/**
 * Ends a running cycle; an ended one stays as it is. What was under way ends with it, in the same transaction: pending
 * approvals are withdrawn, experiments, follow-ups and simulations without an end become `skipped`, and reservations still open
 * are settled as unknown. The ledger comes last: its lock on the global budget is then held for the commit only.
 * @throws {DomainError} `not_found`.
 */
export async function closeCycle(prisma: PrismaClient, end: CycleEnd): Promise<void> {
  const ended = await prisma.$transaction(async (tx) => {
    if (!(await endRow(tx, end))) return false;
    const left = await leaveUnfinished(tx, end);
    const open = await tx.costEntry.findMany({
      where: { cycleId: end.cycleId, state: 'reserved' },
      select: { key: true },
    });
    await appendInTransaction(tx, eventsOfEnd(end, left, open.length));
    await settleInTransaction(
      tx,
      open.map(({ key }) => ({ key, outcome: 'unknown' })),
    );
    return true;
  });
  if (ended) return;
  const existing = await prisma.researchCycle.count({ where: { id: end.cycleId } });
  if (existing === 0) throw new DomainError('not_found', `there is no cycle ${end.cycleId}`);
}

async function endRow(tx: Transaction, { cycleId, state, phase, error }: CycleEnd): Promise<boolean> {
  const ended = await tx.$executeRaw`
    UPDATE research_cycles
    SET state = ${state}, error = ${storableTextOrNull(error)}, paused = false, ended_at = now(),
        phase = CASE WHEN phase = ANY (${phasesBefore(phase)}::text[]) THEN ${phase} ELSE phase END
    WHERE id = ${cycleId}::uuid AND state = 'running'`;
  return ended === 1;
}

interface LeftStep {
  readonly kind: 'approval' | 'experiment' | 'follow_up' | 'simulation';
  readonly id: string;
}

async function leaveUnfinished(tx: Transaction, { cycleId, state }: CycleEnd): Promise<LeftStep[]> {
  const reason = LEFT_BECAUSE[state];
  const detail = detailOf(state);
  return tx.$queryRaw<LeftStep[]>`
    WITH withdrawn AS (
      UPDATE approvals SET state = 'cancelled' WHERE cycle_id = ${cycleId}::uuid AND state = 'pending' RETURNING id
    ), decided AS (
      INSERT INTO approval_decisions (id, approval_id, decision, reason, via, decided_at)
      SELECT id, id, 'cancelled', ${detail}, 'cycle', now() FROM withdrawn
    ), experiments_left AS (
      UPDATE experiments SET state = 'skipped', skip_reason = ${reason}, detail = ${detail}, ended_at = now()
      WHERE cycle_id = ${cycleId}::uuid AND state IN ('designed', 'running') RETURNING id
    ), simulations_left AS (
      UPDATE simulations SET state = 'skipped', skip_reason = ${reason}, detail = ${detail}, ended_at = now()
      WHERE cycle_id = ${cycleId}::uuid AND state IN ('planned', 'running') RETURNING id
    ), follow_ups_left AS (
      UPDATE follow_ups SET state = 'skipped', skip_reason = ${reason}, detail = ${detail}, ended_at = now()
      WHERE cycle_id = ${cycleId}::uuid AND state IN ('planned', 'running') RETURNING id
    )
    SELECT 'approval' AS kind, id FROM withdrawn
    UNION ALL SELECT 'experiment', id FROM experiments_left
    UNION ALL SELECT 'follow_up', id FROM follow_ups_left
    UNION ALL SELECT 'simulation', id FROM simulations_left`;
}

function eventsOfEnd(end: CycleEnd, left: readonly LeftStep[], unknownBills: number): AuditEvent[] {
  const count = (kind: LeftStep['kind']) => left.filter((step) => step.kind === kind).length;
  const details = { reason: LEFT_BECAUSE[end.state], detail: detailOf(end.state) };
  return [
    ...left.map(({ kind, id }): AuditEvent => ({
      key: kind === 'approval' ? `approval_decision/${id}` : `${kind}_skipped/${id}`,
      eventType: kind === 'approval' ? 'approval_decision' : `${kind}_skipped`,
      actor: 'cycle',
      subjectType: kind,
      subjectId: id,
      details: kind === 'approval' ? { decision: 'cancelled', via: 'cycle', cycle_id: end.cycleId } : details,
    })),
    {
      key: `cycle_ended/${end.cycleId}`,
      eventType: 'cycle_ended',
      actor: 'workflow',
      subjectType: 'cycle',
      subjectId: end.cycleId,
      details: {
        state: end.state,
        phase: end.phase,
        error: storableTextOrNull(end.error),
        approvals_withdrawn: count('approval'),
        experiments_left: count('experiment'),
        follow_ups_left: count('follow_up'),
        simulations_left: count('simulation'),
        bills_unknown: unknownBills,
      },
    },
  ];
}

function detailOf(state: EndedCycleState): string {
  return `the cycle ended first: ${state}`;
}
