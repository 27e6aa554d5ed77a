import { lastAnchor, type Anchor } from './audit-anchor';
import { readLinks, readUnsealed } from './audit-rows';
import { TrailJudge, type AuditVerification } from './audit-trail-judge';
import type { PrismaClient } from './client';

/** Of one look at a whole log. */
const TIMEOUT_MS = 24 * 3_600_000;

/**
 * Recomputes the whole chain as the database has it at one moment, and holds it against anchors that were read before:
 * the chain only grows.
 */
export async function verifyAuditLog(
  prisma: PrismaClient,
  key: Buffer,
  anchors: readonly Anchor[],
): Promise<AuditVerification> {
  const judge = new TrailJudge(key, anchors);
  let sealed = false;
  await prisma.$transaction(
    async (tx) => {
      for await (const link of readLinks(tx)) {
        sealed = true;
        if (!judge.take(link)) break;
      }
      for await (const row of readUnsealed(tx)) judge.take(row);
    },
    { isolationLevel: 'RepeatableRead', timeout: TIMEOUT_MS },
  );
  judge.requireUpTo(lastAnchor(anchors)?.seq ?? 0);
  if (sealed && anchors.length === 0) judge.accuse('no_anchor');
  return judge.verdict();
}
