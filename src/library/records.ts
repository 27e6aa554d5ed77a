import { z } from 'zod';
import { ApprovalDetail } from '../api/approval-detail';
import { Approval } from '../api/resources';
import { pendingApprovals } from '../api/pending-approvals';
import { decisionProblem, type ApprovalDecision, type DecidedApproval } from '../domain/approval';
import type { Principal } from '../domain/access';
import type { ApprovalReview } from '../ports/approval-review';
import type { ApprovalGateway } from '../ports/cycle-gateway';
import type { ApiRecord, ListQuery, Page, Records, Resource } from '../ports/records';

const DEFAULT_LIMIT = 50;
/** A program that decides by itself: no key proves it. */
const LIBRARY: Principal = { name: 'library', role: 'admin', keyId: null };

/** The records of all cycles, as the API shows them. */
export interface RecordLists {
  /** One page, newest first: 50 records unless `limit` says otherwise. */
  list(resource: Resource, query?: Partial<ListQuery>): Promise<Page>;
  /** One record with its details; undefined when there is none. */
  get(resource: Resource, id: string): Promise<ApiRecord | undefined>;
}

/** Something that waits for a person. */
export type PendingApproval = z.infer<typeof Approval>;

export type { ApprovalDetail } from '../api/approval-detail';

/** The steps that wait for a person. */
export interface Approvals {
  /** Newest first. */
  pending(): Promise<readonly PendingApproval[]>;
  /** One approval with exactly what will be done, and what was decided; undefined when there is none. */
  get(approvalId: string): Promise<ApprovalDetail | undefined>;
  /**
   * Answers once the waiting cycle has taken the decision.
   * @throws {DomainError} `approval_not_found`; `approval_already_decided` with the decision that stands; `not_ready`;
   * {RangeError} naming what is wrong with the decision.
   */
  decide(
    approvalId: string,
    decision: {
      readonly decision: 'approved' | 'rejected';
      readonly decidedBy: string;
      readonly reason?: string;
    },
  ): Promise<DecidedApproval>;
}

export function recordLists(records: Records): RecordLists {
  return {
    list: (resource, query) => records.list(resource, { limit: DEFAULT_LIMIT, filters: {}, ...query }),
    get: (resource, id) => records.get(resource, id),
  };
}

export function approvalsOf(gateway: ApprovalGateway, records: Records, review: ApprovalReview): Approvals {
  return {
    pending: async () => z.array(Approval).parse(await pendingApprovals(records)),
    get: async (approvalId) => ApprovalDetail.optional().parse(await review.show(approvalId)),
    decide: async (approvalId, { decision, decidedBy, reason }) => {
      const asked: ApprovalDecision = {
        approval_id: approvalId,
        decision,
        decided_by: decidedBy,
        ...(reason === undefined ? {} : { reason }),
      };
      const problem = decisionProblem(asked);
      if (problem !== undefined) throw new RangeError(problem);
      return gateway.decide(asked, LIBRARY);
    },
  };
}
