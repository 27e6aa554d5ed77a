import type { GateVerdict } from '../src/domain/approval';
import type { RunOutcome } from '../src/domain/experiment';
import { followUp } from '../src/domain/follow-up';
import type { FollowUpPlay } from '../src/domain/follow-up';
import type { RecordedFollowUpRun, StoredFollowUp } from '../src/ports/follow-up-store';
import type { CycleRecord, StoredExperiment } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { followUpAction } from './support/actions';
import { digestOf } from './support/digest';
import { stimulusOf } from './support/failing-stimulus';
import type { FailingStimulus } from './support/failing-stimulus';
import { withHeartbeat } from './support/heartbeat';
import { withFallback } from './support/model-fallback';
import { requirePassed } from './support/passed-gate';
import type { Play, PlaySession } from './support/play';
import { playAll } from './support/play-all';
import { openSession, recordedPlay } from './support/play-session';
import { boundOf, targetPrice } from './support/reckoning';
import { researcherOf } from './support/researcher';

/** Runs and replays are seeded far below. */
const FIRST_SEED = 2_000_000;

interface FollowUpPlan extends Play, FollowUpPlay {
  readonly id: string;
  readonly ordinal: number;
}

/**
 * Minimises and varies what showed a failure. Every play is recorded with its bill before the next is chosen, and which
 * one that is follows from those before: an attempt after a crash is answered from the record as far as that goes.
 */
export function followUpFailure(deps: ActivityDeps): Activities['followUpFailure'] {
  const { cycles, followUps } = deps.stores;
  return async ({ cycleId, subjectId, gate, timeoutMs }) => {
    const cycle = await cycles.get(cycleId);
    const target = deps.targets.get(cycle.request.target);
    const { followUp: planned, recorded } = await followUps.begin(subjectId);
    const stimulus = await stimulusOf(deps, cycleId, subjectId);
    const { finding, experiment } = stimulus;
    await requirePassed(deps, gate, followUpAction(planned, finding, experiment.design, target.describe));
    if (planned.state !== 'running') return;
    await withHeartbeat(async (signal) => {
      const session = openSession(deps, cycle, target, gate, {
        signal,
        deadlineMs: Date.now() + timeoutMs,
        stepScope: `follow_up:${planned.id}`,
        costLimitMicroUsd: planned.costLimitMicroUsd,
      });
      const player = new Player(deps, planned, experiment, target, gate, session, recorded);
      const report = await followUp({
        testCase: stimulus.testCase,
        observed: stimulus.observed,
        calls: planned.callsPermitted,
        paraphrase: ({ turns }) =>
          player.ended ? Promise.resolve([]) : inOtherWords(deps, cycle, planned, turns, signal),
        play: (plays) => player.play(plays, stimulus),
      });
      if (player.ended && report.reproducibility.n === 0) {
        await followUps.skip(planned.id, 'budget', 'no room in the budget to verify or vary anything');
      } else await followUps.finish(planned.id, report);
    });
  };
}

/** Plays what is asked for and not recorded yet. */
class Player {
  /** No room in a budget: nothing more is asked of the target. */
  ended = false;
  private asked = 0;
  private readonly runs: Map<string, Pick<RecordedFollowUpRun, 'outcome' | 'reason'>>;

  constructor(
    private readonly deps: ActivityDeps,
    private readonly planned: StoredFollowUp,
    private readonly experiment: StoredExperiment,
    private readonly target: Target,
    private readonly gate: GateVerdict,
    private readonly session: PlaySession,
    recorded: readonly RecordedFollowUpRun[],
  ) {
    this.runs = new Map(recorded.map((run) => [run.id, run]));
  }

  async play(plays: readonly FollowUpPlay[], { caseIndex }: FailingStimulus): Promise<readonly RunOutcome[]> {
    const plans = plays.map((asked, index) => this.plan(asked, this.asked + index));
    this.asked += plays.length;
    const missing = this.ended ? [] : plans.filter(({ id }) => !this.runs.has(id));
    if (missing.length > 0) await this.playMissing(missing, caseIndex);
    const runs = plans.map(({ id }) => this.runs.get(id));
    this.ended ||= runs.some((run) => run?.reason === 'budget');
    return runs.map((run) => run?.outcome ?? 'unassessed');
  }

  private async playMissing(missing: readonly FollowUpPlan[], caseIndex: number): Promise<void> {
    const { maxParallel } = this.deps.settingsFor(this.gate.mode);
    await playAll(missing, this.session, maxParallel, async (outcomes) => {
      const runs = outcomes.map(({ plan, played }) => {
        const { id, ordinal, step, change } = plan;
        return { ...recordedPlay(plan, played), id, ordinal, step, change, caseIndex };
      });
      const settlements = outcomes.flatMap(({ played }) => played.settlements);
      await this.deps.stores.followUps.recordRuns(this.planned.id, runs, settlements);
      for (const run of runs) this.runs.set(run.id, run);
    });
  }

  /** Its id holds what it asks: what another version of this program recorded answers nothing else. */
  private plan({ step, change, testCase }: FollowUpPlay, ordinal: number): FollowUpPlan {
    const id = this.deps.recordId('follow_up_run', this.planned.id, ordinal, digestOf(testCase));
    const { configuration } = this.target.describe;
    const { maxOutputTokens } = this.experiment.design;
    const price = targetPrice(this.deps, this.target, this.gate.mode);
    const boundMicroUsd = boundOf(testCase, configuration, maxOutputTokens, price);
    return {
      ...{ id, ordinal, step, change, testCase, configuration, maxOutputTokens, boundMicroUsd },
      operation: `follow_up/${id}`,
      seed: FIRST_SEED + ordinal,
    };
  }
}

/** The stimulus in other words, asked of the model once; none without a model. */
async function inOtherWords(
  deps: ActivityDeps,
  cycle: CycleRecord,
  { id, failureId, paraphrases }: StoredFollowUp,
  turns: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  if (paraphrases !== null) return paraphrases;
  if (deps.llm === undefined) return [];
  const researcher = researcherOf(deps, cycle, signal);
  const { value } = await withFallback(researcher, (one) => one.paraphrase({ failureId, turns }));
  return deps.stores.followUps.keepParaphrases(id, value);
}
