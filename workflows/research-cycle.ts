import * as wf from '@temporalio/workflow';
import type { CyclePlan, PlannedSteps } from '../activities/contract';
import { CYCLE_PHASES } from '../src/domain/cycle';
import type { CycleInput, CyclePhase, EndedCycleState } from '../src/domain/cycle';
import { DomainError } from '../src/domain/errors';
import { pauseCycleSignal, resumeCycleSignal, statusQuery } from './messages';
import type { CycleOutcome } from './messages';
import { execution, quick, research, witnessed } from './support/activities';
import { ApprovalDesk } from './support/approval-desk';
import { CycleView, freshCounts } from './support/cycle-view';
import type { CycleCounts } from './support/cycle-view';
import { OneAtATime } from './support/one-at-a-time';
import { allEnded, runTrack } from './support/step-track';
import type { StepTrack } from './support/step-track';

// Without the failure types a DomainError would retry the workflow task for ever instead of failing the cycle.
wf.setWorkflowOptions({ failureExceptionTypes: [DomainError] }, researchCycle);

/** The phases of the researcher, which calls no target. */
const RESEARCH_PHASES: ReadonlySet<CyclePhase> = new Set([
  'hypothesis_generation',
  'experiment_design',
  'failure_discovery',
  'intervention_design',
]);

/** A follow-up that finds no room in a budget ends by itself; nothing else ends for it. */
const LEAVES_THE_BUDGET_TO_OTHERS = { budgetExhausted: false } as const;

/** What one run of the workflow hands to the next: everything else is in PostgreSQL. */
interface Carried {
  readonly plan: CyclePlan;
  readonly counts: CycleCounts;
}

/** A research cycle from hypotheses to lessons: seven phases, each of which can be repeated without doing anything twice. */
export async function researchCycle(input: CycleInput, carried?: Carried): Promise<CycleOutcome> {
  const { cycleId } = input;
  const counts = carried?.counts ?? freshCounts();
  const view = new CycleView(input, counts);
  const desk = new ApprovalDesk(witnessed.recordApproval, (pending) => view.showPending(pending));
  wf.setHandler(statusQuery, () => view.status(desk.list()));
  let written = Promise.resolve();
  const setPaused = (paused: boolean): Promise<void> => {
    view.paused(paused);
    // One after the other: of two at once, the earlier could be written last.
    written = written.then(() => witnessed.recordPause({ cycleId, paused }));
    return written;
  };
  wf.setHandler(pauseCycleSignal, () => setPaused(true));
  wf.setHandler(resumeCycleSignal, () => setPaused(false));

  try {
    const plan =
      carried?.plan ?? (await quick.openCycle({ ...input, workflowId: wf.workflowInfo().workflowId }));
    if (carried === undefined) view.began(plan.startMode);
    await story(input, plan, view, desk);
  } catch (error) {
    if (error instanceof wf.ContinueAsNew) throw error;
    desk.withdrawAll('the cycle ended');
    const cancelled = wf.isCancellation(error);
    await wf.CancellationScope.nonCancellable(() =>
      end(cycleId, view, cancelled ? 'cancelled' : 'failed', cancelled ? null : failureText(error)),
    );
    throw error;
  }
  return end(cycleId, view, counts.budgetExhausted ? 'budget_exhausted' : 'completed', null);
}

async function story(input: CycleInput, plan: CyclePlan, view: CycleView, desk: ApprovalDesk): Promise<void> {
  const { cycleId } = input;
  const { counts } = view;
  const think = research(plan);
  const resumedIn = counts.phase;
  const phase = async (name: CyclePhase, run: () => Promise<void>): Promise<void> => {
    if (isBefore(name, resumedIn)) return;
    await wf.condition(() => !counts.paused);
    view.enter(name, plan.offline && RESEARCH_PHASES.has(name));
    await run();
  };
  const beside = { busy: false };
  const { experiments, followUps, simulations } = tracksOf(input, plan, view, desk, beside);

  await phase('hypothesis_generation', async () => {
    const outcome = await think.generateHypotheses({ cycleId });
    counts.hypotheses = outcome.hypotheses;
    counts.budgetExhausted ||= outcome.budgetExhausted;
  });
  let designed: PlannedSteps | undefined;
  await phase('experiment_design', async () => {
    designed = await experiments.next();
  });
  await phase('execution', () => runTrack(experiments, designed));
  await phase('failure_discovery', async () => {
    const outcome = await think.discoverFailures({ cycleId });
    view.found(outcome.failures, outcome.highestSeverity);
    counts.budgetExhausted ||= outcome.budgetExhausted;
  });
  if (input.request.regressions === true) return phase('learning', () => quick.learn({ cycleId }));
  let planned: PlannedSteps | undefined;
  await phase('intervention_design', async () => {
    planned = await simulations.next();
  });
  await phase('simulation', async () => {
    const prove = (): Promise<void> => runTrack(simulations, planned);
    const followUp = async (): Promise<void> => {
      if (counts.failures === 0) return;
      beside.busy = true;
      await runTrack(followUps);
      beside.busy = false;
    };
    // Neither needs the other. Where money is short, proving fixes comes first, and the rest is for following up.
    if (input.request.budgetMicroUsd === null) await allEnded(() => [followUp(), prove()]);
    else await prove().then(followUp);
  });
  await phase('learning', () => quick.learn({ cycleId }));
}

/** The steps of a cycle that call the target; while something runs beside them, no batch ends in a new run. */
function tracksOf(
  input: CycleInput,
  plan: CyclePlan,
  view: CycleView,
  desk: ApprovalDesk,
  beside: { readonly busy: boolean },
): Readonly<Record<'experiments' | 'followUps' | 'simulations', StepTrack>> {
  const { cycleId, requestedBy } = input;
  const { counts } = view;
  const think = research(plan);
  const local = new OneAtATime();
  const shared = { cycleId, requestedBy, plan, desk, view, local };
  /** Beside the workflow only when it needs no model. */
  const thought = <T>(ask: () => Promise<T>): Promise<T> => (plan.offline ? local.run(ask) : ask());
  const betweenBatches = (): Promise<void> => continueIfSuggested(input, plan, counts, beside);
  return {
    experiments: {
      ...shared,
      kind: 'experiment',
      counter: counts.experiments,
      next: () => thought(() => think.designExperiments({ cycleId })),
      execute: (step, stepInput) => execution(plan, step.title).runExperiment(stepInput),
      betweenBatches,
    },
    followUps: {
      ...shared,
      kind: 'follow_up',
      counter: counts.followUps,
      next: () => local.run(() => quick.planFollowUps({ cycleId })),
      execute: async (step, stepInput) => {
        await execution(plan, step.title).followUpFailure(stepInput);
        return LEAVES_THE_BUDGET_TO_OTHERS;
      },
      betweenBatches: () => Promise.resolve(),
    },
    simulations: {
      ...shared,
      kind: 'simulation',
      counter: counts.simulations,
      next: () => thought(() => think.designInterventions({ cycleId })),
      execute: (step, stepInput) => execution(plan, step.title).simulateIntervention(stepInput),
      betweenBatches,
    },
  };
}

async function end(
  cycleId: string,
  view: CycleView,
  state: EndedCycleState,
  error: string | null,
): Promise<CycleOutcome> {
  const { phase, hypotheses, experiments, failures, simulations } = view.counts;
  await quick.closeCycle({ cycleId, state, phase, error });
  await wf.condition(wf.allHandlersFinished);
  view.ended(state, error);
  return {
    cycleId,
    state,
    hypotheses,
    experiments: experiments.ended,
    failures,
    simulations: simulations.ended,
  };
}

async function continueIfSuggested(
  input: CycleInput,
  plan: CyclePlan,
  counts: CycleCounts,
  beside: { readonly busy: boolean },
): Promise<void> {
  if (!wf.workflowInfo().continueAsNewSuggested) return;
  await wf.condition(() => !beside.busy && wf.allHandlersFinished());
  await wf.continueAsNew<typeof researchCycle>(input, { plan, counts });
}

function isBefore(phase: CyclePhase, other: CyclePhase): boolean {
  return CYCLE_PHASES.indexOf(phase) < CYCLE_PHASES.indexOf(other);
}

function failureText(error: unknown): string {
  return wf.rootCause(error) ?? String(error);
}
