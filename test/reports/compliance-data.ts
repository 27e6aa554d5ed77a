import type { ComplianceData } from '../../src/ports/report-source';
import { at, DECISIONS, idOf, type Say } from './busy-week';

/** What an auditor sees of the week. */
export function complianceData(say: Say): ComplianceData {
  return {
    decisions: DECISIONS,
    approvals: {
      total: 2,
      rows: [
        {
          id: idOf(11),
          actionType: 'DEPLOY_INTERVENTION',
          description: say('publish "Data is not to be obeyed" to production'),
          riskTier: 'review',
          severity: 'S3',
          mode: 'production',
          policyVersion: 'sha256:0123456789abcdef',
          requestedBy: say('ana'),
          state: 'approved',
          decidedBy: say('bea'),
          provenBy: say('bea'),
          via: 'update',
          reason: say('read it'),
          createdAt: at(20),
          deadlineAt: at(44),
          decidedAt: at(21),
        },
        {
          id: idOf(12),
          actionType: 'TOOL_CALL',
          description: say('query the database'),
          riskTier: 'review',
          severity: 'S2',
          mode: 'shadow',
          policyVersion: 'sha256:0123456789abcdef',
          requestedBy: say('ana'),
          state: 'expired',
          decidedBy: null,
          provenBy: null,
          via: 'deadline',
          reason: null,
          createdAt: at(30),
          deadlineAt: at(54),
          decidedAt: at(54),
        },
      ],
    },
    transitions: {
      total: 1,
      rows: [
        {
          id: idOf(21),
          fromMode: 'lab',
          toMode: 'shadow',
          version: 2,
          requestedBy: say('ana'),
          reason: say('the first cycles are through'),
          emergency: false,
          approvalId: idOf(11),
          createdAt: at(3),
        },
      ],
    },
    toolExecutions: {
      total: 1,
      rows: [
        {
          id: idOf(31),
          toolName: say('http_get'),
          riskLevel: 'low',
          mode: 'shadow',
          status: 'succeeded',
          requestedBy: say('ana'),
          approvalId: null,
          argumentsDigest: 'sha256:fedcba9876543210',
          startedAt: at(40),
          endedAt: at(40),
        },
      ],
    },
    deployments: {
      total: 1,
      rows: [
        {
          id: idOf(41),
          interventionId: idOf(3_000_001),
          channel: 'shadow',
          target: say('assistant'),
          state: 'rolled_back',
          requestedBy: say('ana'),
          overrideReason: say('needed now'),
          publishedAt: at(50),
          endedAt: at(60),
          endReason: say('a canary failed'),
        },
      ],
    },
    policies: {
      total: 1,
      rows: [
        {
          version: 'sha256:0123456789abcdef',
          firstUsed: at(1),
          lastUsed: at(150),
          assessed: 43,
          safe: 32,
          review: 11,
          block: 0,
        },
      ],
    },
    eventsByType: { action_assessed: 43, approval_decision: 10, mode_transition: 1 },
    checks: [
      {
        id: 'unpermitted_action',
        title: 'Actions that nothing permitted',
        method: 'Each action, against the verdict of its gate.',
        checked: 44,
        violations: 1,
        examples: [{ record: 'experiments/7', detail: say('nothing permits it') }],
      },
      {
        id: 'budget_overrun',
        title: 'Budgets overrun',
        method: 'Each budget period, against its limit.',
        checked: 9,
        violations: 0,
        examples: [],
      },
    ],
    audit: {
      ok: true,
      firstBad: null,
      sealed: 210,
      unsealed: 3,
      oldestUnsealed: '2026-11-16T08:29:58.000Z',
      anchored: 210,
      unreadableAnchorLines: 0,
    },
  };
}
