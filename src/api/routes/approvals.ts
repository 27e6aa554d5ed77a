import { z } from 'zod';
import {
  APPROVAL_STATES,
  APPROVAL_VERDICTS,
  DECISION_TEXT_LIMIT,
  DECISION_VIAS,
} from '../../domain/approval';
import type { ApprovalDecision, DecidedApproval } from '../../domain/approval';
import { DomainError } from '../../domain/errors';
import type { ApiDeps } from '../deps';
import { pendingApprovals } from '../pending-approvals';
import { ApprovalDetail } from '../approval-detail';
import { Approval } from '../resources';
import { defineRoute, type Route } from '../route';
import { IdempotencyHeaders, IdParams, text, timestamp } from '../schemas';

const PendingApprovals = z
  .object({ count: z.int().min(0), approvals: z.array(Approval) })
  .meta({ id: 'PendingApprovals' });

const Decision = z
  .strictObject({
    decision: z.enum(APPROVAL_VERDICTS),
    reason: text(DECISION_TEXT_LIMIT).optional(),
    decided_by: text(200).min(1).describe('Who decides.'),
  })
  .meta({ id: 'Decision' });

const StandingDecision = z
  .object({
    approval_id: z.guid(),
    state: z.enum(APPROVAL_STATES).exclude(['pending']),
    decided_by: z.string().nullable().describe('As claimed.'),
    proven_by: z
      .string()
      .nullable()
      .describe('The owner of the API key behind it; null when it is unproven.'),
    reason: z.string().nullable(),
    decided_at: timestamp,
    via: z.enum(DECISION_VIAS),
  })
  .meta({ id: 'StandingDecision' });

/** Everything about approvals but their list, which comes with the other resources. */
export function approvalRoutes({ approvals, records, review, access }: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/approvals/pending',
      tag: 'approvals',
      access: 'viewer',
      summary: 'Everything that waits for a person, newest first.',
      responses: { 200: { description: 'The pending approvals.', schema: PendingApprovals } },
      handler: async () => {
        const pending = await pendingApprovals(records);
        return { status: 200, body: { count: pending.length, approvals: pending } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/approvals/:id',
      tag: 'approvals',
      access: 'viewer',
      summary: 'One approval: exactly what will be done, what speaks for it, and what was decided.',
      params: IdParams,
      responses: { 200: { description: 'The approval.', schema: ApprovalDetail } },
      problems: { 404: 'There is no such approval.' },
      handler: async ({ params }) => {
        const shown = await review.show(params.id);
        if (shown === undefined) throw new DomainError('not_found', `there is no approval ${params.id}`);
        return { status: 200, body: shown };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/approvals/:id/decide',
      tag: 'approvals',
      access: 'approver',
      summary: 'Decides an approval; answers once the waiting workflow has taken the decision.',
      params: IdParams,
      headers: IdempotencyHeaders,
      body: Decision,
      responses: { 200: { description: 'The decision now stands.', schema: StandingDecision } },
      problems: {
        404: 'There is no such approval.',
        409: 'Already decided or expired; `decision` is the one that stands.',
        503: 'No worker took the decision in time.',
      },
      handler: async ({ params, headers, body, principal }) => {
        const decision: ApprovalDecision = {
          approval_id: params.id,
          decision: body.decision,
          decided_by: body.decided_by,
          ...(body.reason === undefined ? {} : { reason: body.reason }),
        };
        const proofId = await access.proofs.write(decision, principal);
        const proven = proofId === undefined ? decision : { ...decision, proof_id: proofId };
        const standing = await approvals.decide(proven, principal, headers['idempotency-key']);
        return { status: 200, body: standingDecision(standing) };
      },
    }),
  ];
}

function standingDecision(decided: DecidedApproval): z.infer<typeof StandingDecision> {
  return {
    approval_id: decided.approvalId,
    state: decided.state,
    decided_by: decided.decidedBy,
    proven_by: decided.provenBy,
    reason: decided.reason,
    decided_at: decided.decidedAt,
    via: decided.via,
  };
}
