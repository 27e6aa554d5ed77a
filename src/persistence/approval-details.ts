import { presentRow, type RawRow } from './record-presentation';
import type { ApiRecord } from '../ports/records';
import type { PrismaClient } from './client';

interface Told extends RawRow {
  readonly kind: 'reminder' | 'escalation' | 'refused_decision' | 'refused_action';
}

/** Why the gate asked, what was decided, what was sent meanwhile, and what was refused. */
export async function approvalDetails(prisma: PrismaClient, id: string): Promise<ApiRecord> {
  const [[asked], [decision], told] = await Promise.all([
    prisma.$queryRaw<RawRow[]>`
      SELECT a.details, l.details #>> '{verdict,reason}' AS reason
      FROM approvals a LEFT JOIN audit_logs l ON l.key = 'action_assessed/' || a.id WHERE a.id = ${id}::uuid`,
    prisma.$queryRaw<RawRow[]>`
      SELECT decision, decided_by, proven_by, reason, via, decided_at
      FROM approval_decisions WHERE approval_id = ${id}::uuid`,
    readTold(prisma, id),
  ]);
  const of = (...kinds: Told['kind'][]): Told[] => told.filter(({ kind }) => kinds.includes(kind));
  const refused = (kind: Told['kind']): ApiRecord[] =>
    of(kind).map(({ kind: _kind, ...row }) => presentRow(row));
  return {
    details: asked?.['details'] ?? null,
    risk_reason: asked?.['reason'] ?? null,
    decision: decision === undefined ? null : presentRow(decision),
    reminders: of('reminder', 'escalation').map(({ kind, at }) => presentRow({ kind, at })),
    refused_decisions: refused('refused_decision'),
    refused_actions: refused('refused_action'),
  };
}

/** Of the audit log, oldest first. An index leads to the rows of a type and time, of which there are few. */
async function readTold(prisma: PrismaClient, id: string): Promise<readonly Told[]> {
  const rows = await prisma.$queryRaw<{ kind: Told['kind']; at: Date; details: RawRow }[]>`
    SELECT CASE l.event_type WHEN 'approval_reminder' THEN 'reminder' WHEN 'approval_escalated' THEN 'escalation'
        WHEN 'action_refused' THEN 'refused_action' ELSE 'refused_decision' END AS kind,
      l.created_at AS at, l.details
    FROM audit_logs l JOIN approvals a ON a.id = ${id}::uuid
    WHERE l.event_type IN ('approval_reminder', 'approval_escalated', 'approval_decision_refused', 'action_refused')
      AND l.created_at >= a.created_at AND l.subject_id = a.id::text
    ORDER BY l.created_at, l.id`;
  return rows.map(({ kind, at, details }) => ({ ...details, kind, at }));
}
