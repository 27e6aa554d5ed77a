import type { CycleActivities, PlannedStep } from '../../activities/contract';
import type { DecidedApproval, GateVerdict, ProposedAction } from '../../src/domain/approval';

/** What the workflow told the world, in order. */
interface Recorded {
  readonly decisions: DecidedApproval[];
  readonly reminders: { readonly approvalId: string; readonly kind: string; readonly at: number }[];
  readonly ran: string[];
  readonly skipped: { readonly subjectId: string; readonly reason: string }[];
  readonly closed: { readonly state: string; readonly phase: string; readonly error: string | null }[];
  readonly pauses: boolean[];
}

export function step(subjectId: string): PlannedStep {
  return {
    subjectId,
    title: subjectId,
    action: {
      actionType: 'RUN_EXPERIMENT',
      subjectId,
      description: `run ${subjectId}`,
      severity: 'S1',
      estimatedCostMicroUsd: 0,
      affectedSystems: ['demo'],
      isReversible: true,
      rollbackPlan: 'nothing',
      argumentsDigest: 'digest',
      personRequired: false,
    },
  };
}

export function verdict(
  action: ProposedAction,
  outcome: GateVerdict['outcome'],
  deadlineMs?: number,
): GateVerdict {
  return {
    approvalId: action.approvalId,
    subjectId: action.subjectId,
    tier: outcome === 'wait' ? 'review' : outcome === 'go' ? 'safe' : 'block',
    reason: 'test',
    mode: 'shadow',
    modeVersion: 1,
    policyVersion: 'test',
    actionDigest: 'digest',
    outcome,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

export interface StandIns {
  readonly activities: CycleActivities;
  readonly recorded: Recorded;
  /** The ids of the approvals that the gate was asked about, once there are so many. */
  readonly asked: (count: number) => Promise<string[]>;
}

/** Activities that answer at once and remember what they were asked; `over` replaces some of them. */
export function standIns(over: Partial<CycleActivities> = {}): StandIns {
  const proposed: string[] = [];
  const watchers: { readonly count: number; readonly resolve: (ids: string[]) => void }[] = [];
  const recorded: Recorded = { decisions: [], reminders: [], ran: [], skipped: [], closed: [], pauses: [] };
  const none = { budgetExhausted: false, total: 0, steps: [], more: false };
  const activities: CycleActivities = {
    openCycle: () =>
      Promise.resolve({
        startMode: 'shadow',
        offline: true,
        maxParallelExperiments: 2,
        executionTimeoutMs: 60_000,
      }),
    generateHypotheses: () => Promise.resolve({ hypotheses: 2, budgetExhausted: false }),
    designExperiments: () => Promise.resolve({ ...none, total: 2, steps: [step('e1'), step('e2')] }),
    assessActions: ({ actions }) => Promise.resolve(actions.map((action) => verdict(action, 'go'))),
    recordApproval: (offered) => {
      const decided = { ...offered, provenBy: null };
      recorded.decisions.push(decided);
      return Promise.resolve({ taken: true, decided });
    },
    remindApproval: ({ approvalId, kind }) => {
      recorded.reminders.push({ approvalId, kind, at: Date.now() });
      return Promise.resolve();
    },
    runExperiment: ({ subjectId }) => {
      recorded.ran.push(subjectId);
      return Promise.resolve({ failed: 1, held: 0, unassessed: 0, budgetExhausted: false });
    },
    skipStep: ({ subjectId, reason }) => {
      recorded.skipped.push({ subjectId, reason });
      return Promise.resolve();
    },
    discoverFailures: () => Promise.resolve({ failures: 1, highestSeverity: 'S2', budgetExhausted: false }),
    planFollowUps: () => Promise.resolve(none),
    followUpFailure: ({ subjectId }) => {
      recorded.ran.push(subjectId);
      return Promise.resolve();
    },
    designInterventions: () => Promise.resolve(none),
    simulateIntervention: ({ subjectId }) => {
      recorded.ran.push(subjectId);
      return Promise.resolve({ verdict: 'improved', budgetExhausted: false });
    },
    learn: () => Promise.resolve(),
    closeCycle: ({ state, phase, error }) => {
      recorded.closed.push({ state, phase, error });
      return Promise.resolve();
    },
    recordPause: ({ paused }) => {
      recorded.pauses.push(paused);
      return Promise.resolve();
    },
    ...over,
  };
  const watched: CycleActivities = {
    ...activities,
    assessActions: (input) => {
      proposed.push(...input.actions.map(({ approvalId }) => approvalId));
      for (const { count, resolve } of watchers) if (proposed.length >= count) resolve([...proposed]);
      return activities.assessActions(input);
    },
  };
  const asked = (count: number): Promise<string[]> =>
    new Promise((resolve) => {
      if (proposed.length >= count) resolve([...proposed]);
      else watchers.push({ count, resolve });
    });
  return { activities: watched, recorded, asked };
}
