import { DomainError } from '../domain/errors';
import { appendInTransaction } from './audit-trail';
import { fromJson, storableText } from './columns';
import { insertMissing } from './insert-rows';
import type { AuditEvent } from '../ports/audit';
import type { ActionOrigin, GateVerdict } from '../domain/approval';
import type { ActionType } from '../domain/risk';
import type { AssessedAction } from '../ports/approval-store';
import type { Transaction } from './client';

const APPROVALS = {
  table: 'approvals',
  columns: {
    id: 'uuid',
    cycle_id: 'uuid',
    workflow_id: 'text',
    action_type: 'text',
    action_description: 'text',
    subject_id: 'text',
    risk_tier: 'text',
    severity: 'text',
    estimated_cost_micro_usd: 'bigint',
    affected_systems: 'text[]',
    is_reversible: 'boolean',
    rollback_plan: 'text',
    requester_agent: 'text',
    requested_by: 'text',
    person_required: 'boolean',
    mode: 'text',
    mode_version: 'integer',
    policy_version: 'text',
    action_digest: 'text',
    details: 'jsonb',
    state: 'text',
    deadline_at: 'timestamptz',
  },
} as const;

const DECISIONS = {
  table: 'approval_decisions',
  columns: {
    id: 'uuid',
    approval_id: 'uuid',
    decision: 'text',
    reason: 'text',
    via: 'text',
    decided_at: 'timestamptz',
  },
} as const;

/** What kind of record an action is about; a tool call may have any type. */
const SUBJECT_OF: Readonly<Partial<Record<ActionType, string>>> = {
  RUN_EXPERIMENT: 'experiment',
  DESTRUCTIVE_TEST: 'experiment',
  RUN_SIMULATION: 'intervention',
  DEPLOY_INTERVENTION: 'deployment',
  MODE_TRANSITION: 'mode_transition',
};

/**
 * Writes what the gate said, each action once: the audit entry of an action, whatever its tier, holds the verdict that
 * stands, and a later assessment of the same approval id is answered with it. The cycle's row is locked meanwhile, so
 * that two assessments at the same instant agree.
 * @throws {DomainError} `not_found`; `cycle_already_ended` for a new action, whose approval nobody would withdraw.
 */
export async function saveAssessed(
  tx: Transaction,
  origin: ActionOrigin,
  assessed: readonly AssessedAction[],
): Promise<readonly GateVerdict[]> {
  const { requesterAgent, endedAs } = await lockOrigin(tx, origin);
  const standing = await standingVerdicts(tx, assessed);
  const added = assessed.filter(({ verdict }) => !standing.has(verdict.approvalId));
  if (added.length > 0) {
    if (endedAs !== null) throw new DomainError('cycle_already_ended', `the cycle has ended: ${endedAs}`);
    await addApprovals(
      tx,
      added.filter(({ verdict }) => verdict.tier === 'review'),
      { ...origin, requesterAgent },
    );
    await appendInTransaction(
      tx,
      added.flatMap((each) => assessmentEvents(origin, each)),
    );
  }
  return assessed.map(({ verdict }) => standing.get(verdict.approvalId) ?? verdict);
}

/** Lets one assessment of an origin pass at a time; answers with the agent that asks. */
async function lockOrigin(
  tx: Transaction,
  { cycleId, workflowId }: ActionOrigin,
): Promise<{ readonly requesterAgent: string; readonly endedAs: string | null }> {
  if (cycleId === null) {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${workflowId}, 0))`;
    return { requesterAgent: 'tinman', endedAs: null };
  }
  const [cycle] = await tx.$queryRaw<{ state: string; researcher: string }[]>`
    SELECT state, researcher FROM research_cycles WHERE id = ${cycleId}::uuid FOR NO KEY UPDATE`;
  if (cycle === undefined) throw new DomainError('not_found', `there is no cycle ${cycleId}`);
  return { requesterAgent: cycle.researcher, endedAs: cycle.state === 'running' ? null : cycle.state };
}

async function standingVerdicts(
  tx: Transaction,
  assessed: readonly AssessedAction[],
): Promise<Map<string, GateVerdict>> {
  const entries = await tx.auditLog.findMany({
    where: { key: { in: assessed.map(({ verdict }) => assessedKey(verdict)) } },
    select: { details: true },
  });
  const verdicts = entries.map(({ details }) => fromJson<{ verdict: GateVerdict }>(details).verdict);
  return new Map(verdicts.map((verdict) => [verdict.approvalId, verdict]));
}

async function addApprovals(
  tx: Transaction,
  reviews: readonly AssessedAction[],
  asked: ActionOrigin & { readonly requesterAgent: string },
): Promise<void> {
  await insertMissing(
    tx,
    APPROVALS,
    reviews.map(({ action, verdict, policyAnswer }) => ({
      id: verdict.approvalId,
      cycle_id: asked.cycleId,
      workflow_id: asked.workflowId,
      action_type: action.actionType,
      action_description: action.description,
      subject_id: action.subjectId,
      risk_tier: verdict.tier,
      severity: action.severity,
      estimated_cost_micro_usd: action.estimatedCostMicroUsd,
      affected_systems: action.affectedSystems,
      is_reversible: action.isReversible,
      rollback_plan: action.rollbackPlan,
      requester_agent: asked.requesterAgent,
      requested_by: asked.requestedBy,
      person_required: action.personRequired,
      mode: verdict.mode,
      mode_version: verdict.modeVersion,
      policy_version: verdict.policyVersion,
      action_digest: verdict.actionDigest,
      details: action.details ?? null,
      state: policyAnswer ?? 'pending',
      deadline_at: verdict.deadlineMs === undefined ? null : new Date(verdict.deadlineMs),
    })),
  );
  const now = new Date();
  await insertMissing(
    tx,
    DECISIONS,
    reviews
      .filter(({ policyAnswer }) => policyAnswer !== null)
      .map((assessed) => ({
        id: assessed.verdict.approvalId,
        approval_id: assessed.verdict.approvalId,
        decision: assessed.policyAnswer,
        reason: policyReason(assessed),
        via: 'policy',
        decided_at: now,
      })),
  );
}

function assessmentEvents(origin: ActionOrigin, assessed: AssessedAction): AuditEvent[] {
  const { action, verdict, policyAnswer, notifyOnBlock } = assessed;
  const subject = { subjectType: 'approval', subjectId: verdict.approvalId };
  const assessment: AuditEvent = {
    ...subject,
    key: assessedKey(verdict),
    eventType: 'action_assessed',
    actor: 'policy',
    details: {
      verdict,
      cycle_id: origin.cycleId,
      action_type: action.actionType,
      severity: action.severity,
      estimated_cost_micro_usd: action.estimatedCostMicroUsd,
      arguments_digest: action.argumentsDigest,
    },
  };
  if (verdict.tier === 'block') return [assessment, ...(notifyOnBlock ? [blocked(origin, assessed)] : [])];
  if (verdict.tier === 'safe') return [assessment];
  const request: AuditEvent = {
    ...subject,
    key: `approval_requested/${verdict.approvalId}`,
    eventType: 'approval_requested',
    actor: 'workflow',
    details: {
      cycle_id: origin.cycleId,
      requested_by: origin.requestedBy,
      action_type: action.actionType,
      severity: action.severity,
      deadline_ms: verdict.deadlineMs ?? null,
    },
  };
  if (policyAnswer === null) return [assessment, request];
  const answer: AuditEvent = {
    ...subject,
    key: `approval_decision/${verdict.approvalId}`,
    eventType: 'approval_decision',
    actor: 'policy',
    details: { decision: policyAnswer, reason: policyReason(assessed), via: 'policy' },
  };
  return [assessment, request, answer];
}

/** What people are told of; about the experiment, the intervention or whatever else was not to be touched. */
function blocked(
  { cycleId, workflowId, requestedBy }: ActionOrigin,
  { action, verdict }: AssessedAction,
): AuditEvent {
  const isToolCall = cycleId === null && action.details === undefined;
  return {
    key: `action_blocked/${verdict.approvalId}`,
    eventType: 'action_blocked',
    actor: 'policy',
    subjectType: (isToolCall ? undefined : SUBJECT_OF[action.actionType]) ?? 'tool_execution',
    subjectId: action.subjectId,
    details: {
      cycle_id: cycleId,
      workflow_id: workflowId,
      requested_by: requestedBy,
      action_type: action.actionType,
      severity: action.severity,
      mode: verdict.mode,
      description: storableText(action.description),
      reason: verdict.reason,
    },
  };
}

function assessedKey({ approvalId }: GateVerdict): string {
  return `action_assessed/${approvalId}`;
}

function policyReason({ verdict: { mode, policyVersion }, policyAnswer }: AssessedAction): string {
  return policyAnswer === 'approved'
    ? `policy ${policyVersion} answers reviews in ${mode} mode`
    : `nobody is asked in ${mode} mode: approval.on_review is reject`;
}
