import { DomainError } from '../../src/domain/errors';
import type { StoredApproval } from '../../src/ports/approval-store';
import type { ApprovalReview } from '../../src/ports/approval-review';
import type { ApiRecord } from '../../src/ports/records';
import type { ActivityDeps } from '../deps';
import { actionDigest } from '../support/actions';
import { actionNow, type ActionNow, type ReviewDeps } from './approved-action';

/** Shows approvals over the records that gate and executor look at. */
export function createApprovalReview(deps: ReviewDeps & Pick<ActivityDeps, 'policy'>): ApprovalReview {
  return {
    async show(approvalId) {
      const record = await deps.records.get('approvals', approvalId);
      if (record === undefined) return undefined;
      const approval = await deps.stores.approvals.get(approvalId);
      const found = await attempt(deps, approval);
      const now = found instanceof DomainError ? undefined : found;
      return {
        ...record,
        action: now?.shown ?? null,
        evidence: now === undefined ? null : await evidenceOf(deps, now),
        digest: {
          ...digestOf(approval, now),
          policy_in_force: deps.policy().version === approval.policyVersion,
          problem: found instanceof DomainError ? found.message : null,
        },
      };
    },
  };
}

/** What was asked for, or why it cannot be told any more: a record or a target is gone. */
async function attempt(deps: ReviewDeps, approval: StoredApproval): Promise<ActionNow | DomainError> {
  try {
    return await actionNow(deps, approval);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function digestOf(approval: StoredApproval, now: ActionNow | undefined): ApiRecord {
  const found = now === undefined ? null : actionDigest(now.proposed, approval.policyVersion);
  return { asked: approval.actionDigest, now: found, matches: found === approval.actionDigest };
}

/** What speaks for a fix: the failure it is for, and what its replays have shown so far. */
async function evidenceOf(
  { records }: ReviewDeps,
  { failureId, interventionId }: ActionNow,
): Promise<ApiRecord | null> {
  if (failureId === undefined || interventionId === undefined) return null;
  const [failure, simulations] = await Promise.all([
    records.get('failures', failureId),
    records.list('simulations', { limit: SHOWN_SIMULATIONS, filters: { intervention_id: interventionId } }),
  ]);
  const { runs: _runs, interventions: _interventions, ...shown } = failure ?? {};
  return { failure: failure === undefined ? null : shown, simulations: simulations.items };
}

const SHOWN_SIMULATIONS = 10;
