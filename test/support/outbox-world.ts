import { OUTBOUND_EVENT_TYPES } from '../../src/domain/outbound-events';
import { closePrisma, openDatabase } from '../../src/persistence/client';
import { createLedger } from '../../src/persistence/ledger';
import { createOutbox } from '../../src/persistence/outbox';
import { createStores } from '../../src/persistence/stores';
import type { AuditEvent } from '../../src/ports/audit';
import type { Outbox } from '../../src/ports/outbox';
import { createTestDatabase } from './postgres';
import type { StoredWorld } from './stored-cycle';

export interface OutboxWorld extends Omit<StoredWorld, 'audited'> {
  readonly outbox: Outbox;
}

/** A database in lab mode, written by the service's role, with an endpoint that is told everything. */
export async function startOutbox(): Promise<OutboxWorld> {
  const database = await createTestDatabase();
  const opened = openDatabase(database.serviceUrl, { poolSize: 10 });
  const { prisma } = opened;
  const stores = createStores(opened);
  await stores.mode.initialise('lab', 'test');
  const outbox = createOutbox(prisma);
  await outbox.register([{ name: 'all', events: OUTBOUND_EVENT_TYPES }]);
  const limit = { limitMicroUsd: 1_000, period: 'unlimited', hardLimit: true, warnThreshold: 0.5 } as const;
  return {
    prisma,
    stores,
    outbox,
    ledger: createLedger(prisma, { global: limit }),
    async stop() {
      await closePrisma(prisma);
      await database.drop();
    },
  };
}

/** An event that is told outside as `mode.changed`. */
export function modeTransition(name: string): AuditEvent {
  return {
    ...{ key: `mode_transition/${name}`, eventType: 'mode_transition', actor: 'ana' },
    ...{ subjectType: 'mode', subjectId: 'shadow', details: { from_mode: 'lab', to_mode: 'shadow' } },
  };
}
