import { recordId } from './record-id';
import type { ApprovalProofs } from '../ports/access';
import type { PrismaClient } from './client';

/** Proofs of decisions over `approval_proofs`. */
export function createApprovalProofs(prisma: PrismaClient): ApprovalProofs {
  return {
    async write({ approval_id: approvalId, decision }, { keyId, name, role }) {
      if (keyId === null) return undefined;
      const id = recordId('approval_proof', approvalId, decision, keyId);
      await prisma.approvalProof.createMany({
        data: [{ id, approvalId, decision, keyId, owner: name, role }],
        skipDuplicates: true,
      });
      return id;
    },
  };
}
