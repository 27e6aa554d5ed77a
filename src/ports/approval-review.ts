import type { ApiRecord } from './records';

/** Shows an approval with what it lets happen. */
export interface ApprovalReview {
  /**
   * The record of an approval with its decision and what was sent and refused, and beside it, from the records as they
   * are now: `action`, exactly what will be done; `evidence`, what speaks for it; `digest`, whether that still is what
   * the question was about. Undefined when there is no such approval.
   */
  show(approvalId: string): Promise<ApiRecord | undefined>;
}
