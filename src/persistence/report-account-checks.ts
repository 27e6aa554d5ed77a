import { Prisma } from './generated/client';
import type { ReportPeriod } from '../domain/report';
import type { CheckQuery } from './report-check-query';

/** Whether money stayed within its limits, and whether everything consequential is in the audit log. */
export function accountChecks(period: ReportPeriod): readonly CheckQuery[] {
  const { since, until } = period;
  return [
    {
      id: 'budget_overrun',
      title: 'Budgets overrun',
      method:
        'Each budget period that was charged in the period: a bill above its reservation, or, under a hard limit, more ' +
        'settled and reserved than the limit is now.',
      rows: Prisma.sql`
        SELECT 'budgets/' || b.scope || '@' || to_char(p.period_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            AS record, CASE
          WHEN p.overrun THEN 'a bill came out above its reservation'
          WHEN b.hard_limit AND p.settled_micro_usd + p.reserved_micro_usd > b.limit_micro_usd THEN
            round((p.settled_micro_usd + p.reserved_micro_usd) / 1e6, 6) || ' USD of ' || round(b.limit_micro_usd / 1e6, 6)
          END AS detail
        FROM budget_periods p JOIN budgets b ON b.id = p.budget_id
        WHERE EXISTS (
          SELECT 1 FROM cost_ledger_charges c JOIN cost_ledger e ON e.id = c.entry_id
          WHERE c.budget_id = p.budget_id AND c.period_start = p.period_start
            AND e.created_at >= ${since} AND e.created_at < ${until})`,
    },
    {
      id: 'bill_above_reservation',
      title: 'Bills above what was reserved for them',
      method: 'Each call that was paid for, against the upper bound that was reserved before it.',
      rows: Prisma.sql`
        SELECT 'cost_ledger/' || id AS record, CASE WHEN settled_micro_usd > reserved_micro_usd THEN
          round(settled_micro_usd / 1e6, 6) || ' USD, ' || round(reserved_micro_usd / 1e6, 6) || ' reserved' END AS detail
        FROM cost_ledger
        WHERE settled_micro_usd IS NOT NULL AND created_at >= ${since} AND created_at < ${until}`,
    },
    auditCheck(period),
  ];
}

function auditCheck({ since, until }: ReportPeriod): CheckQuery {
  return {
    id: 'not_in_audit_log',
    title: 'Decisions, changes of mode, publications and tool calls that the audit log does not have',
    method: 'Each of them, against the audit entry of its kind about it.',
    rows: Prisma.sql`
      SELECT happened.record, CASE WHEN l.subject_id IS NULL AND m.version IS NULL THEN
        'there is no entry ' || happened.event_type END AS detail
      FROM (
        SELECT 'approvals/' || approval_id AS record, 'approval_decision' AS event_type, approval_id::text AS subject,
          NULL::int AS version
        FROM approval_decisions WHERE decided_at >= ${since} AND decided_at < ${until}
        UNION ALL SELECT 'deployments/' || id, 'intervention_deployed', id::text, NULL
        FROM deployments WHERE published_at >= ${since} AND published_at < ${until}
        UNION ALL SELECT 'tool_executions/' || id, 'tool_executed', id::text, NULL
        FROM tool_executions WHERE started_at >= ${since} AND started_at < ${until}
          AND status IN ('succeeded', 'failed', 'unknown', 'rolled_back')
        UNION ALL SELECT 'mode_transitions/' || id, 'mode_transition', NULL, version
        FROM mode_transitions
        WHERE created_at >= ${since} AND created_at < ${until} AND from_mode IS NOT NULL
      ) happened
      LEFT JOIN (
        SELECT DISTINCT event_type, subject_id FROM audit_logs
        WHERE event_type IN ('approval_decision', 'intervention_deployed', 'tool_executed')
      ) l ON l.event_type = happened.event_type AND l.subject_id = happened.subject
      LEFT JOIN (
        SELECT DISTINCT (details->>'version')::int AS version FROM audit_logs WHERE event_type = 'mode_transition'
      ) m ON m.version = happened.version`,
  };
}
