import { DomainError } from '../domain/errors';
import { MODES } from '../domain/mode';
import { appendInTransaction } from './audit-trail';
import { member, storableText } from './columns';
import { applyChange, readFacts, refuseChange } from './mode-change';
import { forceShadow } from './mode-rollback';
import { recordId } from './record-id';
import type { CurrentMode } from '../domain/mode';
import type { ModeHistoryEntry, ModeStore, WaitingTransition } from '../ports/stores';
import type { PrismaClient } from './client';

const FIRST_VERSION = 1;

export function createModeStore(prisma: PrismaClient): ModeStore {
  const current = async (): Promise<CurrentMode> => {
    const row = await prisma.modeState.findUnique({ where: { id: 1 } });
    if (row === null) throw new DomainError('not_ready', 'no mode is in force yet');
    return { mode: member(MODES, row.mode), version: row.version };
  };
  return {
    current,
    facts: () => readFacts(prisma),
    apply: (change) => prisma.$transaction((tx) => applyChange(tx, change)),
    refuse: (refusal) => refuseChange(prisma, refusal),
    forceShadow: (input) => prisma.$transaction((tx) => forceShadow(tx, input)),
    history: (limit) => history(prisma, limit),
    waiting: () => waiting(prisma),
    lastWithdrawn: () => lastWithdrawn(prisma),

    async initialise(mode, requestedBy) {
      const initialised = await prisma.$transaction(async (tx) => {
        const inserted = await tx.$executeRaw`
          INSERT INTO mode_state (id, mode, version) VALUES (1, ${mode}, ${FIRST_VERSION}) ON CONFLICT DO NOTHING`;
        if (inserted === 0) return false;
        await tx.modeTransition.create({
          data: {
            id: recordId('mode_transition', FIRST_VERSION),
            toMode: mode,
            version: FIRST_VERSION,
            reason: 'the database was empty',
            requestedBy: storableText(requestedBy),
          },
        });
        await appendInTransaction(tx, [
          {
            key: 'mode_initialised',
            eventType: 'mode_initialised',
            actor: requestedBy,
            subjectType: 'mode',
            subjectId: mode,
            details: { mode, version: FIRST_VERSION },
          },
        ]);
        return true;
      });
      return initialised ? { mode, version: FIRST_VERSION } : current();
    },
  };
}

async function history(prisma: PrismaClient, limit: number): Promise<readonly ModeHistoryEntry[]> {
  const rows = await prisma.modeTransition.findMany({ orderBy: { version: 'desc' }, take: limit });
  return rows.map((row) => ({
    from: row.fromMode === null ? null : member(MODES, row.fromMode),
    to: member(MODES, row.toMode),
    version: row.version,
    reason: row.reason,
    requestedBy: row.requestedBy,
    emergency: row.emergency,
    at: row.createdAt,
  }));
}

async function waiting(prisma: PrismaClient): Promise<WaitingTransition | undefined> {
  const row = await prisma.approval.findFirst({
    where: { actionType: 'MODE_TRANSITION', state: 'pending' },
    orderBy: { createdAt: 'desc' },
  });
  if (row === null) return undefined;
  const { id, workflowId, requestedBy, deadlineAt } = row;
  return { approvalId: id, workflowId, requestedBy, deadlineAt };
}

async function lastWithdrawn(prisma: PrismaClient): Promise<boolean> {
  const row = await prisma.approval.findFirst({
    where: { actionType: 'MODE_TRANSITION' },
    orderBy: { createdAt: 'desc' },
    select: { state: true },
  });
  return row?.state === 'cancelled';
}
