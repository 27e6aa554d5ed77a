import { DomainError } from '../domain/errors';
import { MODES } from '../domain/mode';
import { appendInTransaction } from './audit-trail';
import { member, storableText } from './columns';
import { recordId } from './record-id';
import type { CurrentMode } from '../domain/mode';
import type { ModeStore } from '../ports/stores';
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
