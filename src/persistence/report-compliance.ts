import { counts, readDecisions } from './report-figures';
import type { ReportPeriod } from '../domain/report';
import type {
  ApprovalLine,
  ComplianceData,
  DeploymentLine,
  Listed,
  PolicyLine,
  ToolExecutionLine,
  TransitionLine,
} from '../ports/report-source';
import type { Transaction } from './client';

const LISTED = 2_000;

type Counted<T> = T & { readonly total: number };

/** What was asked, decided, changed and called in a period. */
export async function readCompliance(
  tx: Transaction,
  period: ReportPeriod,
): Promise<Omit<ComplianceData, 'checks' | 'audit'>> {
  const { since, until } = period;
  return {
    decisions: await readDecisions(tx, period),
    approvals: await readApprovals(tx, period),
    transitions: await readTransitions(tx, period),
    toolExecutions: await readToolExecutions(tx, period),
    deployments: await readDeployments(tx, period),
    policies: await readPolicies(tx, period),
    eventsByType: counts(
      await tx.$queryRaw`
        SELECT event_type AS name, count(*)::int AS n FROM audit_logs
        WHERE created_at >= ${since} AND created_at < ${until} GROUP BY 1 ORDER BY 1`,
    ),
  };
}

/** Those that were asked for or decided in the period. */
async function readApprovals(tx: Transaction, { since, until }: ReportPeriod): Promise<Listed<ApprovalLine>> {
  return listed(
    await tx.$queryRaw<Counted<ApprovalLine>[]>`
      SELECT a.id, a.action_type AS "actionType", a.action_description AS description, a.risk_tier AS "riskTier",
        a.severity, a.mode, a.policy_version AS "policyVersion", a.requested_by AS "requestedBy", a.state,
        d.decided_by AS "decidedBy", d.proven_by AS "provenBy", d.via, d.reason, a.created_at AS "createdAt",
        a.deadline_at AS "deadlineAt", d.decided_at AS "decidedAt", count(*) OVER ()::int AS total
      FROM approvals a LEFT JOIN approval_decisions d ON d.approval_id = a.id
      WHERE (a.created_at >= ${since} AND a.created_at < ${until})
        OR (d.decided_at >= ${since} AND d.decided_at < ${until})
      ORDER BY a.created_at, a.id LIMIT ${LISTED}`,
  );
}

async function readTransitions(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Listed<TransitionLine>> {
  return listed(
    await tx.$queryRaw<Counted<TransitionLine>[]>`
      SELECT id, from_mode AS "fromMode", to_mode AS "toMode", version, requested_by AS "requestedBy", reason,
        emergency, approval_id AS "approvalId", created_at AS "createdAt", count(*) OVER ()::int AS total
      FROM mode_transitions WHERE created_at >= ${since} AND created_at < ${until}
      ORDER BY version LIMIT ${LISTED}`,
  );
}

async function readToolExecutions(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Listed<ToolExecutionLine>> {
  return listed(
    await tx.$queryRaw<Counted<ToolExecutionLine>[]>`
      SELECT id, tool_name AS "toolName", risk_level AS "riskLevel", mode, status, requested_by AS "requestedBy",
        approval_id AS "approvalId", arguments_digest AS "argumentsDigest", started_at AS "startedAt",
        ended_at AS "endedAt", count(*) OVER ()::int AS total
      FROM tool_executions WHERE started_at >= ${since} AND started_at < ${until}
      ORDER BY started_at, id LIMIT ${LISTED}`,
  );
}

/** Those that were published or ended in the period. */
async function readDeployments(
  tx: Transaction,
  { since, until }: ReportPeriod,
): Promise<Listed<DeploymentLine>> {
  return listed(
    await tx.$queryRaw<Counted<DeploymentLine>[]>`
      SELECT id, intervention_id AS "interventionId", channel, target, state, requested_by AS "requestedBy",
        override_reason AS "overrideReason", published_at AS "publishedAt", ended_at AS "endedAt",
        end_reason AS "endReason", count(*) OVER ()::int AS total
      FROM deployments
      WHERE (published_at >= ${since} AND published_at < ${until})
        OR (ended_at >= ${since} AND ended_at < ${until})
      ORDER BY created_at, id LIMIT ${LISTED}`,
  );
}

/** By what the gates recorded with each verdict. */
async function readPolicies(tx: Transaction, { since, until }: ReportPeriod): Promise<Listed<PolicyLine>> {
  return listed(
    await tx.$queryRaw<Counted<PolicyLine>[]>`
      WITH verdicts AS (
        SELECT details->'verdict'->>'policyVersion' AS version, details->'verdict'->>'tier' AS tier, created_at
        FROM audit_logs
        WHERE event_type = 'action_assessed' AND created_at >= ${since} AND created_at < ${until}
      )
      SELECT version, min(created_at) AS "firstUsed", max(created_at) AS "lastUsed", count(*)::int AS assessed,
        count(*) FILTER (WHERE tier = 'safe')::int AS safe, count(*) FILTER (WHERE tier = 'review')::int AS review,
        count(*) FILTER (WHERE tier = 'block')::int AS block, count(*) OVER ()::int AS total
      FROM verdicts GROUP BY version ORDER BY 2, 1 LIMIT ${LISTED}`,
  );
}

function listed<T extends object>(rows: readonly Counted<T>[]): Listed<Omit<Counted<T>, 'total'>> {
  return { rows: rows.map(({ total: _total, ...line }) => line), total: rows[0]?.total ?? 0 };
}
