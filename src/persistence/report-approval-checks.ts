import { Prisma } from './generated/client';
import type { ReportPeriod } from '../domain/report';
import type { CheckQuery } from './report-check-query';

/** Whether decisions are those that the rules let stand. */
export function approvalChecks(period: ReportPeriod): readonly CheckQuery[] {
  const { since, until } = period;
  const decided = Prisma.sql`
    approval_decisions d JOIN approvals a ON a.id = d.approval_id
    WHERE d.decided_at >= ${since} AND d.decided_at < ${until}`;
  return [
    {
      id: 'approved_too_late',
      title: 'Approvals given after their deadline',
      method: 'Each approval that was given, against its deadline.',
      rows: Prisma.sql`
        SELECT 'approvals/' || a.id AS record,
          CASE WHEN d.decided_at > a.deadline_at THEN 'approved ' || (d.decided_at - a.deadline_at) || ' too late' END
            AS detail
        FROM ${decided} AND d.decision = 'approved'`,
    },
    {
      id: 'policy_for_a_person',
      title: 'Approvals that policy gave where a person must',
      method: 'Each approval that policy gave: only in lab, and never for what needs a person.',
      rows: Prisma.sql`
        SELECT 'approvals/' || a.id AS record,
          CASE WHEN a.person_required THEN 'a person must decide'
            WHEN a.mode <> 'lab' THEN 'policy decided in ' || a.mode END AS detail
        FROM ${decided} AND d.decision = 'approved' AND d.via = 'policy'`,
    },
    {
      id: 'unproven_approval',
      title: 'Approvals in production, or of S3 and above, without a proof of who gave them',
      method:
        'Each such approval of a person, against the API key recorded before the decision; at S3 and above its owner ' +
        'must be somebody else than who asked.',
      rows: Prisma.sql`
        SELECT 'approvals/' || a.id AS record, CASE
          WHEN d.proven_by IS NULL THEN 'nothing proves who approved it'
          WHEN NOT EXISTS (SELECT 1 FROM approval_proofs p WHERE p.approval_id = a.id AND p.owner = d.proven_by
            AND p.decision = d.decision) THEN 'no proof of ' || d.proven_by || ' is recorded'
          WHEN a.severity >= 'S3' AND d.proven_by = a.requested_by THEN d.proven_by || ' approved what they asked for'
          END AS detail
        FROM ${decided} AND d.decision = 'approved' AND d.via IN ('update', 'signal')
          AND (a.mode = 'production' OR a.severity >= 'S3')`,
    },
    {
      id: 'decision_mismatch',
      title: 'Approvals whose state is not that of the decision',
      method: 'Each approval that was asked for, against the one decision that stands.',
      rows: Prisma.sql`
        SELECT 'approvals/' || a.id AS record,
          CASE WHEN a.state <> coalesce(d.decision, 'pending')
            THEN 'it is ' || a.state || ', decided: ' || coalesce(d.decision, 'not at all') END AS detail
        FROM approvals a LEFT JOIN approval_decisions d ON d.approval_id = a.id
        WHERE a.created_at >= ${since} AND a.created_at < ${until}`,
    },
    ...modeChecks(period),
  ];
}

function modeChecks({ since, until }: ReportPeriod): readonly CheckQuery[] {
  return [
    {
      id: 'mode_gap',
      title: 'Changes of mode that do not follow on one another',
      method: 'Each change, against the one before it: its version, and the mode that it leads from.',
      rows: Prisma.sql`
        SELECT record, detail FROM (
          SELECT 'mode_transitions/' || id AS record, created_at, CASE
            WHEN version <> coalesce(lag(version) OVER w + 1, 1) THEN 'version ' || version || ' follows none'
            WHEN from_mode IS DISTINCT FROM lag(to_mode) OVER w THEN 'it leads from ' || coalesce(from_mode, 'nowhere')
              || ', the mode was ' || coalesce(lag(to_mode) OVER w, 'none')
            WHEN from_mode = 'lab' AND to_mode = 'production' AND NOT emergency THEN 'it leaves shadow out' END AS detail
          FROM mode_transitions WINDOW w AS (ORDER BY version)
        ) changes WHERE created_at >= ${since} AND created_at < ${until}`,
    },
    {
      id: 'production_without_person',
      title: 'Changes to production that no person approved',
      method: 'Each change of mode to production, against its approval.',
      rows: Prisma.sql`
        SELECT 'mode_transitions/' || t.id AS record,
          CASE WHEN d.id IS NULL THEN 'no person approved it' END AS detail
        FROM mode_transitions t LEFT JOIN approval_decisions d ON d.approval_id = t.approval_id
          AND d.decision = 'approved' AND d.via IN ('update', 'signal')
        WHERE t.to_mode = 'production' AND t.from_mode IS NOT NULL
          AND t.created_at >= ${since} AND t.created_at < ${until}`,
    },
  ];
}
