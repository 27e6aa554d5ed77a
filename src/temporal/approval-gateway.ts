import { createHash } from 'node:crypto';
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { INSUFFICIENT } from '../domain/approval';
import type { Principal } from '../domain/access';
import type { ApprovalDecision, DecidedApproval } from '../domain/approval';
import { DomainError } from '../domain/errors';
import type { ApprovalStore } from '../ports/approval-store';
import type { ApprovalGateway } from '../ports/cycle-gateway';
import { KeyedLimit } from './keyed-limit';
import { temporalCall } from './temporal-call';

const UPDATE = 'decideApproval';
/** How long the workflow may take to take and write a decision. */
const ANSWER_TIMEOUT_MS = 10_000;
/** The server admits ten updates in flight on one workflow; more are refused and slow everything down. */
const IN_FLIGHT_PER_WORKFLOW = 8;

/** Brings decisions to the waiting workflow as Temporal updates. */
export function createApprovalGateway(deps: {
  readonly client: Client;
  readonly approvals: ApprovalStore;
}): ApprovalGateway {
  const limit = new KeyedLimit(IN_FLIGHT_PER_WORKFLOW);
  return {
    async decide(decision, principal, idempotencyKey = '') {
      const approval = await deps.approvals.get(decision.approval_id);
      const updateId = updateIdOf(decision, principal, idempotencyKey);
      try {
        return await limit.run(approval.workflowId, () =>
          untilHeard(deps.client, approval.workflowId, updateId, decision),
        );
      } catch (error) {
        refuseInsufficient(error);
        const standing = standingIn(error) ?? (await deps.approvals.get(decision.approval_id)).decision;
        if (standing === null || isUnanswered(error)) throw error;
        await deps.approvals.refuseLate({
          key: updateId,
          approvalId: approval.id,
          decision: decision.decision,
          decidedBy: decision.decided_by,
          provenBy: principal.keyId === null ? null : principal.name,
        });
        throw new DomainError('approval_already_decided', 'the approval was already decided', {
          decision: standing,
        });
      }
    },
  };
}

/**
 * Asks under one id after the other while the workflow has not come to the question again, as after a crash: it keeps that
 * answer under its id, where the decision would never be heard.
 */
async function untilHeard(
  client: Client,
  workflowId: string,
  updateId: string,
  decision: ApprovalDecision,
): Promise<DecidedApproval> {
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  for (let turn = 0; ; turn++) {
    try {
      return await update(client, workflowId, `${updateId}-${turn}`, decision, deadline);
    } catch (error) {
      if (toldBy(error)?.type !== 'approval_not_found') throw error;
    }
  }
}

async function update(
  client: Client,
  workflowId: string,
  updateId: string,
  decision: ApprovalDecision,
  deadline: number,
): Promise<DecidedApproval> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await temporalCall(() =>
      client.withDeadline(deadline, () =>
        handle.executeUpdate<DecidedApproval, [ApprovalDecision]>(UPDATE, { updateId, args: [decision] }),
      ),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new DomainError(
        'not_ready',
        'the workflow did not answer in time; the decision may still be taken: try again',
      );
    }
    throw error;
  }
}

/**
 * The same decision with the same key is the same update; opposing ones never are, nor is one that was refused for want of
 * a comment and has one now.
 */
function updateIdOf(decision: ApprovalDecision, principal: Principal, idempotencyKey: string): string {
  const { approval_id: approvalId, decision: verdict, decided_by: decidedBy, reason = '' } = decision;
  const parts = [approvalId, verdict, decidedBy, reason, principal.name, principal.keyId, idempotencyKey];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function isUnanswered(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'not_ready';
}

/** The decision that stands, as the workflow told it. */
function standingIn(error: unknown): unknown {
  const told = toldBy(error);
  return told?.type === 'approval_already_decided' ? told.details?.[0] : undefined;
}

/** @throws {DomainError} for what the workflow said of a decision that it did not take. */
function refuseInsufficient(error: unknown): void {
  const told = toldBy(error);
  const code = INSUFFICIENT.find((candidate) => candidate === told?.type);
  if (code !== undefined) throw new DomainError(code, told?.message ?? 'the decision is not enough');
}

function toldBy(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? cause : undefined;
}
