import { randomUUID } from 'node:crypto';
import { MODES } from '../domain/mode';
import { appendInTransaction } from './audit-trail';
import { member, storableText } from './columns';
import type { CurrentMode } from '../domain/mode';
import type { Transaction } from './client';

interface Rollback {
  readonly requestedBy: string;
  readonly reason: string;
}

/**
 * See `ModeStore.forceShadow`: needs the database alone. The version grows in shadow too: what was approved, or is being
 * assessed, for a promotion is bound to the version before.
 */
export async function forceShadow(
  tx: Transaction,
  rollback: Rollback,
): Promise<{ changed: boolean; withdrawn: number; mode: CurrentMode }> {
  const [row] = await tx.$queryRaw<{ mode: string; version: number }[]>`
    SELECT mode, version FROM mode_state WHERE id = 1 FOR UPDATE`;
  if (row === undefined) throw new Error('no mode is in force yet');
  const now: CurrentMode = { mode: member(MODES, row.mode), version: row.version };
  if (now.mode === 'lab') return { changed: false, withdrawn: 0, mode: now };
  const withdrawn = await withdrawWaiting(tx, rollback);
  const changed = now.mode === 'production';
  const mode: CurrentMode = { mode: 'shadow', version: now.version + 1 };
  await tx.modeState.update({
    where: { id: 1 },
    data: { ...mode, ...(changed ? { changedAt: new Date() } : {}) },
  });
  if (changed) await writeHistory(tx, mode, rollback);
  return { changed, withdrawn, mode };
}

/** Transitions that wait for a person never come about after a rollback: the workflow finds its approval withdrawn. */
async function withdrawWaiting(tx: Transaction, { requestedBy, reason }: Rollback): Promise<number> {
  const withdrawn = await tx.$queryRaw<{ id: string }[]>`
    WITH withdrawn AS (
      UPDATE approvals SET state = 'cancelled'
      WHERE action_type = 'MODE_TRANSITION' AND state = 'pending' RETURNING id
    ), decided AS (
      INSERT INTO approval_decisions (id, approval_id, decision, decided_by, reason, via, decided_at)
      SELECT id, id, 'cancelled', ${storableText(requestedBy)}, 'the mode was rolled back', 'mode', now() FROM withdrawn
    )
    SELECT id FROM withdrawn`;
  await appendInTransaction(
    tx,
    withdrawn.map(({ id }) => ({
      key: `approval_withdrawn/${id}`,
      eventType: 'approval_decision',
      actor: requestedBy,
      subjectType: 'approval',
      subjectId: id,
      details: { decision: 'cancelled', via: 'mode', reason: storableText(reason) },
    })),
  );
  return withdrawn.length;
}

async function writeHistory(
  tx: Transaction,
  { version }: CurrentMode,
  { requestedBy, reason }: Rollback,
): Promise<void> {
  await tx.modeTransition.create({
    data: {
      id: randomUUID(),
      fromMode: 'production',
      toMode: 'shadow',
      version,
      reason: storableText(reason),
      requestedBy: storableText(requestedBy),
      emergency: true,
    },
  });
  await appendInTransaction(tx, [
    {
      key: `mode_transition/${version}`,
      eventType: 'mode_transition',
      actor: requestedBy,
      subjectType: 'mode',
      subjectId: 'shadow',
      details: {
        from_mode: 'production',
        to_mode: 'shadow',
        version,
        reason: storableText(reason),
        emergency: true,
      },
    },
  ]);
}
