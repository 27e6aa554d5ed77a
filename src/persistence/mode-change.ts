import { blockedReason } from '../domain/mode-transition';
import { appendInTransaction } from './audit-trail';
import { storableText, storableTextOrNull } from './columns';
import type { Mode } from '../domain/mode';
import type { TransitionFacts } from '../domain/mode-transition';
import type { AppliedChange, ModeChange } from '../ports/stores';
import type { Transaction } from './client';

type StoredFacts = Omit<TransitionFacts, 'migrationProblem'>;

/** A signature counts by its latest failure on the target: the earlier ones went over into it. */
export async function readFacts(tx: Transaction): Promise<StoredFacts> {
  const [row] = await tx.$queryRaw<StoredFacts[]>`
    SELECT
      (SELECT count(*)::int FROM research_cycles WHERE state = 'completed') AS "completedCycles",
      (SELECT count(*)::int FROM (
        SELECT DISTINCT ON (target, trigger_signature) severity, state FROM failures
        ORDER BY target, trigger_signature, created_at DESC, id DESC
      ) latest WHERE severity = 'S4' AND state <> 'resolved') AS "unresolvedS4",
      (SELECT count(*)::int FROM simulations WHERE verdict = 'improved') AS "improvedSimulations"`;
  if (row === undefined) throw new Error('a query of counts answers with one row');
  return row;
}

/** See `ModeStore.apply`. The mode's row is locked: of changes at the same instant the first one stands. */
export async function applyChange(tx: Transaction, change: ModeChange): Promise<AppliedChange> {
  const { from, to, approvalId } = change;
  const applied = await tx.modeTransition.findUnique({ where: { id: change.transitionId } });
  if (applied !== null) return { outcome: 'changed', mode: { mode: to, version: applied.version } };

  const [now] = await tx.$queryRaw<{ mode: string; version: number }[]>`
    SELECT mode, version FROM mode_state WHERE id = 1 FOR UPDATE`;
  if (now?.version !== from.version) {
    return { outcome: 'superseded', reason: 'the mode was changed or rolled back meanwhile' };
  }
  if (approvalId !== null) {
    const { state } = await tx.approval.findUniqueOrThrow({ where: { id: approvalId } });
    if (state !== 'approved') return { outcome: 'superseded', reason: `its approval is ${state}` };
  }
  const blocked = blockedReason(from.mode, to, { ...(await readFacts(tx)), migrationProblem: undefined });
  if (blocked !== undefined) return { outcome: 'blocked', reason: blocked };
  return { outcome: 'changed', mode: await write(tx, change) };
}

async function write(tx: Transaction, change: ModeChange): Promise<{ mode: Mode; version: number }> {
  const { transitionId, from, to, requestedBy, comment, workflowId, approvalId } = change;
  const version = from.version + 1;
  await tx.modeState.update({ where: { id: 1 }, data: { mode: to, version, changedAt: new Date() } });
  await tx.modeTransition.create({
    data: {
      id: transitionId,
      fromMode: from.mode,
      toMode: to,
      version,
      reason: storableTextOrNull(comment),
      requestedBy: storableText(requestedBy),
      workflowId,
      approvalId,
    },
  });
  await appendInTransaction(tx, [
    {
      key: `mode_transition/${version}`,
      eventType: 'mode_transition',
      actor: requestedBy,
      subjectType: 'mode',
      subjectId: to,
      details: {
        from_mode: from.mode,
        to_mode: to,
        version,
        reason: storableTextOrNull(comment),
        approval_id: approvalId,
        emergency: false,
      },
    },
  ]);
  return { mode: to, version };
}

/** See `ModeStore.refuse`. */
export async function refuseChange(
  tx: Transaction,
  refusal: Omit<ModeChange, 'from'> & { readonly from: Mode; readonly reason: string },
): Promise<void> {
  await appendInTransaction(tx, [
    {
      key: `mode_transition_refused/${refusal.transitionId}`,
      eventType: 'mode_transition_refused',
      actor: refusal.requestedBy,
      subjectType: 'mode',
      subjectId: refusal.to,
      details: {
        from_mode: refusal.from,
        to_mode: refusal.to,
        reason: storableText(refusal.reason),
        approval_id: refusal.approvalId,
      },
    },
  ]);
}
