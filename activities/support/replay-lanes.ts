import { DomainError } from '../../src/domain/errors';
import type { RunOutcome, TestCase } from '../../src/domain/experiment';
import { applyPatch } from '../../src/domain/intervention';
import type { Patch } from '../../src/domain/intervention';
import { controlCases } from '../../src/domain/replay';
import type { ControlCase, ReplayedPair } from '../../src/domain/replay';
import { REPLAY_LANES } from '../../src/domain/simulation';
import type { ReplayLane } from '../../src/domain/simulation';
import type { Mode } from '../../src/domain/mode';
import type { TargetConfiguration } from '../../src/domain/target';
import type { RecordedReplay, RecordedRun, StoredExperiment } from '../../src/ports/stores';
import type { Target } from '../../src/ports/target';
import type { ActivityDeps } from '../deps';
import type { Play } from './play';
import { boundOf, targetPrice } from './reckoning';

/** What the replays of an intervention are made of. */
export interface ReplaySources {
  readonly experiment: StoredExperiment;
  readonly failingRuns: readonly RecordedRun[];
  readonly controls: readonly ControlCase[];
}

/** One stimulus to be played in both lanes. */
interface Pair {
  readonly control: boolean;
  readonly pair: number;
  readonly seed: number;
  /** Into the cases of the design followed by its controls. */
  readonly caseIndex: number;
}

/** One lane of one pair: the same stimulus and seed, with and without the intervention. */
export interface LanePlan extends Play, Pair {
  readonly id: string;
  readonly lane: ReplayLane;
}

/** What a lane showed; enough to judge the pair. */
export type LaneOutcome = Pick<RecordedReplay, 'control' | 'pair' | 'lane' | 'outcome'>;

/** @throws {DomainError} `not_found` for a failure that is not of the cycle. */
export async function replaySources(
  deps: ActivityDeps,
  cycleId: string,
  failureId: string,
): Promise<ReplaySources> {
  const { experiments, failures } = deps.stores;
  const finding = (await failures.list(cycleId)).find(({ id }) => id === failureId);
  if (finding === undefined) throw new DomainError('not_found', `no failure ${failureId} in the cycle`);
  const experiment = await experiments.get(finding.experimentId);
  const ordinals = Array.from({ length: experiment.runsPermitted ?? 0 }, (_, ordinal) => ordinal);
  const runs = await experiments.runs(
    ordinals.map((ordinal) => deps.recordId('run', experiment.id, ordinal)),
  );
  const failedIds = new Set(finding.failedRunIds);
  return {
    experiment,
    failingRuns: runs.filter(({ id }) => failedIds.has(id)),
    controls: controlCases([experiment], runs),
  };
}

/** Plans lanes of one intervention on one target. */
export class LanePlanner {
  private readonly configurations: Readonly<Record<ReplayLane, TargetConfiguration>>;
  private readonly stimuli: readonly TestCase[];

  constructor(
    private readonly deps: ActivityDeps,
    private readonly experiment: StoredExperiment,
    private readonly target: Target,
    private readonly mode: Mode,
    patch: Patch,
  ) {
    const baseline = target.describe.configuration;
    this.configurations = { baseline, candidate: applyPatch(baseline, patch) };
    this.stimuli = [...experiment.design.cases, ...experiment.design.controls];
  }

  /** Both lanes of a pair; `kind` and `of` name them in the ledger and in their ids. */
  lanes(
    kind: 'replay' | 'canary',
    of: string,
    { control, pair, seed, caseIndex }: Pair,
  ): readonly LanePlan[] {
    const testCase = this.stimuli[caseIndex];
    if (testCase === undefined)
      throw new DomainError('invalid_experiment', `there is no test case ${caseIndex}`);
    const price = targetPrice(this.deps, this.target, this.mode);
    const { maxOutputTokens } = this.experiment.design;
    return REPLAY_LANES.map((lane) => {
      const id = this.deps.recordId(kind, of, control ? 'control' : 'failing', pair, lane);
      const configuration = this.configurations[lane];
      const boundMicroUsd = boundOf(testCase, configuration, maxOutputTokens, price);
      return {
        ...{ id, operation: `${kind}/${id}`, control, pair, lane, caseIndex },
        ...{ testCase, configuration, maxOutputTokens, seed, boundMicroUsd },
      };
    });
  }
}

/** Names a lane within its replay. */
export function laneKey({ control, pair, lane }: Pick<LaneOutcome, 'control' | 'pair' | 'lane'>): string {
  return `${control}/${pair}/${lane}`;
}

/** The pairs of which both lanes are recorded. */
export function pairsOf(lanes: readonly LaneOutcome[], control: boolean): readonly ReplayedPair[] {
  const byPair = new Map<number, Partial<Record<ReplayLane, RunOutcome>>>();
  for (const lane of lanes) {
    if (lane.control !== control) continue;
    byPair.set(lane.pair, { ...byPair.get(lane.pair), [lane.lane]: lane.outcome });
  }
  return [...byPair.values()].flatMap(({ baseline, candidate }) =>
    baseline === undefined || candidate === undefined ? [] : [{ baseline, candidate }],
  );
}
