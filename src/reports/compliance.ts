import type { ReportBlock, ReportFinding, ReportSection, ReportTable } from '../domain/report';
import type { AuditFindings, ComplianceCheck, ComplianceData } from '../ports/report-source';
import { approvalSections } from './approval-figures';
import { count, countsTable, iso, omittedOf, total } from './figures';

/** Decisions with their proof, changes of mode, tool calls, and whether anything is not as it must be. */
export function complianceSections(data: ComplianceData): readonly ReportSection[] {
  const checks = [...data.checks, auditCheck(data.audit)];
  const violated = checks.filter(({ violations }) => violations > 0);
  const pending = data.approvals.rows.filter(({ state }) => state === 'pending').length;
  return [
    { id: 'violations', title: 'Violations', blocks: violationBlocks(checks, violated) },
    { id: 'audit', title: 'The audit log', blocks: auditBlocks(data.audit, data) },
    withTable(
      approvalSections(data.decisions, { requested: data.approvals.total, pending }),
      approvalTable(data),
    ),
    { id: 'transitions', title: 'Changes of mode', blocks: [transitionTable(data)] },
    { id: 'tools', title: 'Tool calls', blocks: [toolTable(data)] },
    { id: 'deployments', title: 'Publications', blocks: [deploymentTable(data)] },
    { id: 'policies', title: 'Risk policies in force', blocks: [policyTable(data)] },
  ];
}

function withTable(section: ReportSection, table: ReportTable): ReportSection {
  return { ...section, blocks: [...section.blocks, table] };
}

function violationBlocks(
  checks: readonly ComplianceCheck[],
  violated: readonly ComplianceCheck[],
): readonly ReportBlock[] {
  const violations = checks.reduce((sum, check) => sum + check.violations, 0);
  const looked = checks.reduce((sum, { checked }) => sum + checked, 0);
  return [
    {
      kind: 'figures',
      figures: [
        count('violations', 'Violations', violations, violations === 0 ? 'none, as it must be' : 'see below'),
        count('checks', 'Checks made', checks.length, `over ${looked} records`),
      ],
    },
    {
      kind: 'findings',
      findings: violated.map(toFinding),
      omitted: 0,
      empty: 'No violation was found. What was looked for, and over how many records, is below.',
    },
    {
      kind: 'table',
      id: 'checks',
      title: 'What was checked',
      columns: [
        { id: 'check', title: 'Looked for' },
        { id: 'checked', title: 'Records', unit: 'count' },
        { id: 'violations', title: 'Violations', unit: 'count' },
        { id: 'method', title: 'How' },
      ],
      rows: checks.map(({ title, checked, violations: found, method }) => [title, checked, found, method]),
      omitted: 0,
      empty: 'Nothing was checked.',
    },
  ];
}

function toFinding({ id, title, method, checked, violations, examples }: ComplianceCheck): ReportFinding {
  return {
    id,
    title,
    tone: 'bad',
    mark: 'violated',
    figures: [count('violations', 'Violations', violations), count('checked', 'Records looked at', checked)],
    facts: [{ label: 'How it was checked', value: method }],
    evidence: examples.map(({ record, detail }) => ({ source: record, quote: detail, explanation: '' })),
    evidenceOmitted: Math.max(0, violations - examples.length),
  };
}

/** The chain as one check among the others. */
function auditCheck({ ok, firstBad, sealed, unsealed }: AuditFindings): ComplianceCheck {
  return {
    id: 'audit_chain',
    title: 'Breaks of the audit chain',
    method:
      'The whole sealed log, recomputed with its key and held against the anchors outside the database.',
    checked: (sealed ?? 0) + unsealed,
    violations: ok ? 0 : 1,
    examples: firstBad === null ? [] : [{ record: 'audit_logs', detail: firstBad }],
  };
}

function auditBlocks(audit: AuditFindings, { eventsByType }: ComplianceData): readonly ReportBlock[] {
  const { ok, sealed, unsealed, oldestUnsealed, anchored, unreadableAnchorLines } = audit;
  const tail =
    unsealed === 0
      ? 'Nothing waits for its seal.'
      : `${unsealed} entries are not sealed yet, the oldest of ${oldestUnsealed}: nothing shows yet whether these were changed.`;
  return [
    {
      kind: 'text',
      paragraphs: [
        ok ? 'The log is right, as far as it is sealed.' : `The log is not right: ${audit.firstBad}.`,
        tail,
        ...(unreadableAnchorLines === 0
          ? []
          : [`${unreadableAnchorLines} lines of the anchor file cannot be read: a crash cut them off.`]),
      ],
    },
    {
      kind: 'figures',
      figures: [
        count('sealed', 'Sealed and right, up to number', sealed ?? 0, 'of the whole log, not of the period'),
        count('anchored', 'Anchored outside the database, up to', anchored ?? 0),
        count('unsealed', 'Not sealed yet', unsealed),
        count('events', 'Entries in the period', total(eventsByType)),
      ],
    },
    countsTable('audit_events', 'Entries in the period', 'Event', eventsByType, 'There is no entry.'),
  ];
}

function approvalTable({ approvals }: ComplianceData): ReportTable {
  return {
    kind: 'table',
    id: 'approvals',
    title: 'Asked for or decided in the period',
    columns: [
      { id: 'asked_at', title: 'Asked' },
      { id: 'action', title: 'Action' },
      { id: 'description', title: 'What' },
      { id: 'severity', title: 'Severity' },
      { id: 'mode', title: 'Mode' },
      { id: 'requested_by', title: 'Asked by' },
      { id: 'state', title: 'State' },
      { id: 'decided_by', title: 'Decided by' },
      { id: 'proven_by', title: 'Proven by' },
      { id: 'via', title: 'By way of' },
      { id: 'reason', title: 'Reason' },
      { id: 'decided_at', title: 'Decided' },
      { id: 'deadline_at', title: 'Deadline' },
      { id: 'policy', title: 'Policy' },
      { id: 'id', title: 'Approval' },
    ],
    rows: approvals.rows.map((line) => [
      iso(line.createdAt),
      line.actionType,
      line.description,
      line.severity,
      line.mode,
      line.requestedBy,
      line.state,
      line.decidedBy,
      line.provenBy,
      line.via,
      line.reason,
      iso(line.decidedAt),
      iso(line.deadlineAt),
      line.policyVersion,
      line.id,
    ]),
    omitted: omittedOf(approvals),
    empty: 'Nobody was asked.',
  };
}

function transitionTable({ transitions }: ComplianceData): ReportTable {
  return {
    kind: 'table',
    id: 'mode_transitions',
    title: 'Changes of mode',
    columns: [
      { id: 'at', title: 'When' },
      { id: 'from', title: 'From' },
      { id: 'to', title: 'To' },
      { id: 'version', title: 'Version', unit: 'count' },
      { id: 'requested_by', title: 'Asked by' },
      { id: 'reason', title: 'Reason' },
      { id: 'emergency', title: 'Kind' },
      { id: 'approval', title: 'Approval' },
    ],
    rows: transitions.rows.map((line) => [
      iso(line.createdAt),
      line.fromMode,
      line.toMode,
      line.version,
      line.requestedBy,
      line.reason,
      line.emergency ? 'emergency rollback' : 'transition',
      line.approvalId,
    ]),
    omitted: omittedOf(transitions),
    empty: 'The mode was not changed.',
  };
}

function toolTable({ toolExecutions }: ComplianceData): ReportTable {
  return {
    kind: 'table',
    id: 'tool_executions',
    title: 'Tool calls',
    columns: [
      { id: 'at', title: 'When' },
      { id: 'tool', title: 'Tool' },
      { id: 'risk', title: 'Risk' },
      { id: 'mode', title: 'Mode' },
      { id: 'status', title: 'Status' },
      { id: 'requested_by', title: 'Asked by' },
      { id: 'ended_at', title: 'Ended' },
      { id: 'arguments', title: 'Digest of its arguments' },
      { id: 'approval', title: 'Approval' },
      { id: 'id', title: 'Call' },
    ],
    rows: toolExecutions.rows.map((line) => [
      iso(line.startedAt),
      line.toolName,
      line.riskLevel,
      line.mode,
      line.status,
      line.requestedBy,
      iso(line.endedAt),
      line.argumentsDigest,
      line.approvalId,
      line.id,
    ]),
    omitted: omittedOf(toolExecutions),
    empty: 'No tool was called.',
  };
}

function deploymentTable({ deployments }: ComplianceData): ReportTable {
  return {
    kind: 'table',
    id: 'deployments',
    title: 'Interventions published or ended',
    columns: [
      { id: 'published_at', title: 'Published' },
      { id: 'channel', title: 'Channel' },
      { id: 'target', title: 'Target' },
      { id: 'state', title: 'State' },
      { id: 'requested_by', title: 'Asked by' },
      { id: 'override', title: 'Against its replay, because' },
      { id: 'ended_at', title: 'Ended' },
      { id: 'end_reason', title: 'Why' },
      { id: 'intervention', title: 'Intervention' },
      { id: 'id', title: 'Deployment' },
    ],
    rows: deployments.rows.map((line) => [
      iso(line.publishedAt),
      line.channel,
      line.target,
      line.state,
      line.requestedBy,
      line.overrideReason,
      iso(line.endedAt),
      line.endReason,
      line.interventionId,
      line.id,
    ]),
    omitted: omittedOf(deployments),
    empty: 'Nothing was published.',
  };
}

function policyTable({ policies }: ComplianceData): ReportTable {
  return {
    kind: 'table',
    id: 'risk_policies',
    title: 'By the verdicts that gates recorded',
    columns: [
      { id: 'version', title: 'Version' },
      { id: 'first_used', title: 'First used' },
      { id: 'last_used', title: 'Last used' },
      { id: 'assessed', title: 'Actions', unit: 'count' },
      { id: 'safe', title: 'safe', unit: 'count' },
      { id: 'review', title: 'review', unit: 'count' },
      { id: 'block', title: 'block', unit: 'count' },
    ],
    rows: policies.rows.map((line) => [
      line.version,
      iso(line.firstUsed),
      iso(line.lastUsed),
      line.assessed,
      line.safe,
      line.review,
      line.block,
    ]),
    omitted: omittedOf(policies),
    empty: 'No action was assessed.',
  };
}
