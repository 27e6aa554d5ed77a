import { referenceOf } from '../../src/domain/discussion';
import type {
  DiscussedApproval,
  DiscussedBudget,
  DiscussedCycle,
  DiscussedFailure,
  DiscussedIntervention,
  DiscussedRecord,
  DiscussedSimulation,
  DiscussionMaterial,
} from '../../src/domain/discussion';

const AT = new Date('2026-11-23T03:00:00Z');
const idOf = (digit: number): string => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;

export const CYCLE: DiscussedCycle = {
  ...{ kind: 'cycle', id: idOf(4), target: 'demo', focus: 'tools', state: 'completed', phase: 'learning' },
  ...{ hypotheses: 5, experiments: 12, failures: 1, interventions: 1, spentMicroUsd: 1_250_000, error: null },
  ...{ createdAt: AT, endedAt: AT },
};
export const FAILURE: DiscussedFailure = {
  ...{ kind: 'failure', id: idOf(1), cycleId: CYCLE.id, target: 'demo', failureClass: 'tool_use' },
  ...{ failureType: 'tool_hallucination', severity: 'S3', severityReason: 'it reaches customers' },
  ...{ state: 'open', novelty: 'new', failedRuns: 4, assessedRuns: 5, low: 0.3764, high: 0.9638 },
  ...{ trigger: 'an order that nobody placed', description: 'invents the result of a tool' },
  ...{ rootCause: 'the prompt asks for an answer whatever happens', impactReason: 'wrong refunds' },
  ...{ quotes: ['Your refund of 40 euros is on its way.'], createdAt: AT },
};
export const INTERVENTION: DiscussedIntervention = {
  ...{ kind: 'intervention', id: idOf(2), failureId: FAILURE.id, type: 'prompt_patch', name: 'say so' },
  ...{ description: 'tells it to admit', riskTier: 'review', isReversible: true, liveOn: [] },
};
const COMPARED = {
  ...{ pairs: 30, unassessedPairs: 0, baselineFailed: 24, candidateFailed: 3, fixed: 21, broken: 0 },
  ...{ pValue: 0.00000095, effect: 0.7, effectLow: 0.48, effectHigh: 0.84 },
};
export const SIMULATION: DiscussedSimulation = {
  ...{
    kind: 'simulation',
    id: idOf(3),
    interventionId: INTERVENTION.id,
    failureId: FAILURE.id,
    state: 'done',
  },
  result: {
    verdict: 'improved',
    failing: COMPARED,
    controls: { ...COMPARED, pairs: 0, effect: null, effectLow: null, effectHigh: null },
  },
};
export const APPROVAL: DiscussedApproval = {
  ...{ kind: 'approval', id: idOf(5), actionType: 'DEPLOY_INTERVENTION', description: 'publish “say so”' },
  ...{ riskTier: 'review', severity: 'S2', state: 'pending', mode: 'shadow', estimatedCostMicroUsd: 0 },
  ...{ createdAt: AT, deadlineAt: null },
};
export const BUDGET: DiscussedBudget = {
  ...{ kind: 'budget', id: idOf(6), scope: 'global', period: 'daily', periodStart: AT },
  ...{ limitMicroUsd: 100_000_000, settledMicroUsd: 1_500_000, reservedMicroUsd: 0 },
  bySource: [{ source: 'target', micro: 1_500_000, calls: 60 }],
};

export const RECORDS = [FAILURE, INTERVENTION, SIMULATION, CYCLE, APPROVAL, BUDGET] as const;

/** These records, as a search may give them. */
export function materialOf(
  records: readonly DiscussedRecord[] = RECORDS,
  meant: readonly DiscussedRecord[] = [],
): DiscussionMaterial {
  const count = (holds: (record: DiscussedRecord) => boolean): number => records.filter(holds).length;
  return {
    records,
    meant: new Set(meant.map(referenceOf)),
    totals: {
      failures: count(({ kind }) => kind === 'failure'),
      openFailures: count((record) => record.kind === 'failure' && record.state === 'open'),
      pendingApprovals: count((record) => record.kind === 'approval' && record.state === 'pending'),
      liveInterventions: count((record) => record.kind === 'intervention' && record.liveOn.length > 0),
      runningCycles: count((record) => record.kind === 'cycle' && record.state === 'running'),
    },
  };
}
