import { join } from 'node:path';
import { readAnchors } from '../../src/persistence/audit-anchor';
import { loadAuditKey } from '../../src/persistence/audit-key';
import { AuditSealer } from '../../src/persistence/audit-sealer';
import type { AuditVerification } from '../../src/persistence/audit-trail-judge';
import { verifyAuditLog } from '../../src/persistence/audit-verifier';
import { closePrisma, createPrisma } from '../../src/persistence/client';

/** Seals what is left of a stack's audit log, and verifies all of it against the anchors of its home. */
export async function sealedAuditLog(stack: {
  readonly databaseUrl: string;
  readonly home: string;
}): Promise<AuditVerification> {
  const prisma = createPrisma(stack.databaseUrl, { poolSize: 1 });
  try {
    const key = await loadAuditKey(join(stack.home, 'audit.key'));
    const anchorFile = join(stack.home, 'audit.anchor');
    await new AuditSealer(prisma, key, anchorFile).seal();
    const { anchors } = await readAnchors(anchorFile);
    return await verifyAuditLog(prisma, key, anchors);
  } finally {
    await closePrisma(prisma);
  }
}
