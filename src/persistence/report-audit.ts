import { lastAnchor, readAnchors } from './audit-anchor';
import { verifyAuditLog } from './audit-verifier';
import type { AuditFindings } from '../ports/report-source';
import type { PrismaClient } from './client';

/** Recomputes the sealed chain and holds it against its anchors. */
export async function auditFindings(
  prisma: PrismaClient,
  { key, anchorFile }: { readonly key: Buffer; readonly anchorFile: string },
): Promise<AuditFindings> {
  const { anchors, unreadableLines } = await readAnchors(anchorFile);
  const { ok, firstBad, head, unsealed } = await verifyAuditLog(prisma, key, anchors);
  return {
    ok,
    firstBad:
      firstBad === null
        ? null
        : [
            firstBad.reason,
            ...(firstBad.seq === null ? [] : [`number ${firstBad.seq}`]),
            ...(firstBad.logId === null ? [] : [`id ${firstBad.logId}`]),
          ].join(', '),
    sealed: head?.seq ?? null,
    unsealed: unsealed.count,
    oldestUnsealed: unsealed.oldest,
    anchored: lastAnchor(anchors)?.seq ?? null,
    unreadableAnchorLines: unreadableLines.length,
  };
}
