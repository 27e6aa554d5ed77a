import * as wf from '@temporalio/workflow';
import type { CyclePlan, PlannedStep, PlannedSteps, SkipReason, StepInput } from '../../activities/contract';
import type { GateVerdict, ProposedAction } from '../../src/domain/approval';
import { quick } from './activities';
import type { ApprovalDesk } from './approval-desk';
import type { CycleView } from './cycle-view';
import type { OneAtATime } from './one-at-a-time';
import { failureType, rootMessage } from './failures';

/** Refusals of an executor after which the gate is asked again: what it said no longer holds. */
const ASSESSED_ANEW: ReadonlySet<string | undefined> = new Set(['mode_changed', 'policy_changed']);
const LONGEST_PAUSE_MS = 60_000;

/** A kind of step: where the steps come from, how one is done, and who keeps count. */
export interface StepTrack {
  readonly cycleId: string;
  readonly requestedBy: string;
  readonly plan: CyclePlan;
  readonly kind: 'experiment' | 'follow_up' | 'simulation';
  readonly desk: ApprovalDesk;
  readonly view: CycleView;
  readonly counter: { total: number; ended: number };
  /** Shared by the tracks of a workflow. */
  readonly local: OneAtATime;
  readonly next: () => Promise<PlannedSteps>;
  readonly execute: (step: PlannedStep, input: StepInput) => Promise<{ readonly budgetExhausted: boolean }>;
  /** Called between batches, when nothing is under way. */
  readonly betweenBatches: () => Promise<void>;
}

/** Runs all steps of a track, batch by batch, each behind the gate. */
export async function runTrack(track: StepTrack, first?: PlannedSteps): Promise<void> {
  const { counts } = track.view;
  for (let batch = first ?? (await track.next()); ; batch = await track.next()) {
    track.counter.total = batch.total;
    counts.budgetExhausted ||= batch.budgetExhausted;
    await runBatch(track, batch.steps);
    if (!batch.more) return;
    await track.betweenBatches();
  }
}

/** At most `maxParallelExperiments` at once; a step that waits for a person holds no place. */
async function runBatch(track: StepTrack, steps: readonly PlannedStep[]): Promise<void> {
  if (steps.length === 0) return;
  const asked = steps.map((step) => ({ step, action: ask(track, step) }));
  const verdicts = await assess(
    track,
    asked.map(({ action }) => action),
  );
  let running = 0;

  const finish = async (step: PlannedStep, action: ProposedAction): Promise<void> => {
    let gate = await admitted(track, step, action, verdicts);
    // Checked again after every wait: one change may wake several that wait for the same place.
    const mayRun = (): boolean => !track.view.counts.paused && running < track.plan.maxParallelExperiments;
    while (!mayRun()) await wf.condition(mayRun);
    running += 1;
    try {
      for (let attempts = 0; gate !== undefined; attempts += 1) {
        // Workers that have read different policies would send it round and round.
        if (attempts > 1) await wf.sleep(Math.min(1_000 * 2 ** (attempts - 2), LONGEST_PAUSE_MS));
        gate = await attempt(track, step, gate);
      }
    } finally {
      running -= 1;
      track.counter.ended += 1;
      track.view.refresh();
    }
  };
  await allEnded(() => asked.map(({ step, action }) => finish(step, action)));
}

/** Nothing is under way any more when it throws: an error of one ends the others first. */
export async function allEnded(begin: () => readonly Promise<void>[]): Promise<void> {
  const scope = new wf.CancellationScope();
  await scope.run(async () => {
    const steps = begin();
    try {
      await Promise.all(steps);
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(steps);
      throw error;
    }
  });
}

/** One try of a step: undefined when it has ended, or a new verdict when mode or policy changed between gate and act. */
async function attempt(
  track: StepTrack,
  step: PlannedStep,
  gate: GateVerdict,
): Promise<GateVerdict | undefined> {
  if (track.view.counts.budgetExhausted) {
    await skip(track, step, 'budget', 'the budget was exhausted before it began');
    return undefined;
  }
  const timeoutMs = track.plan.executionTimeoutMs;
  try {
    const input = { cycleId: track.cycleId, subjectId: step.subjectId, gate, timeoutMs };
    const outcome = await track.execute(step, input);
    track.view.counts.budgetExhausted ||= outcome.budgetExhausted;
    return undefined;
  } catch (error) {
    if (wf.isCancellation(error)) throw error;
    if (ASSESSED_ANEW.has(failureType(error))) {
      const action = ask(track, step);
      return admitted(track, step, action, await assess(track, [action]));
    }
    await skip(track, step, 'failed', rootMessage(error));
    return undefined;
  }
}

/** The verdict when the step may go on, after a person's decision where one is needed; else the step is skipped. */
async function admitted(
  track: StepTrack,
  step: PlannedStep,
  action: ProposedAction,
  verdicts: readonly GateVerdict[],
): Promise<GateVerdict | undefined> {
  const verdict = verdicts.find(({ approvalId }) => approvalId === action.approvalId);
  if (verdict === undefined) throw wf.ApplicationFailure.nonRetryable(`no verdict for ${action.approvalId}`);
  const decided = await track.desk.settle(verdict);
  if (verdict.outcome === 'refused') {
    await skip(track, step, verdict.tier === 'block' ? 'blocked' : 'rejected', verdict.reason);
    return undefined;
  }
  if (decided === undefined || decided.state === 'approved') return verdict;
  await skip(track, step, decided.state, decided.reason ?? `decided by ${decided.decidedBy ?? 'nobody'}`);
  return undefined;
}

function ask(track: StepTrack, step: PlannedStep): ProposedAction {
  const action = { ...step.action, approvalId: wf.uuid4() };
  track.desk.announce(action.approvalId, action.description);
  return action;
}

function assess(
  { cycleId, requestedBy, plan, local }: StepTrack,
  actions: readonly ProposedAction[],
): Promise<readonly GateVerdict[]> {
  const { workflowId } = wf.workflowInfo();
  const origin = { cycleId, workflowId, requestedBy };
  return local.run(() => quick.assessActions({ origin, startMode: plan.startMode, actions }));
}

function skip(
  { cycleId, kind, local }: StepTrack,
  step: PlannedStep,
  reason: SkipReason,
  detail: string,
): Promise<void> {
  return local.run(() => quick.skipStep({ cycleId, kind, subjectId: step.subjectId, reason, detail }));
}
