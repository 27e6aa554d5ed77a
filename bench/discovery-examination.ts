import { createDetectionEngines } from '../src/detection/engines';
import type { DetectionEngines } from '../src/domain/detection';
import { EMPTY_MEMORY } from '../src/domain/memory';
import type { FailureType } from '../src/domain/taxonomy';
import { LIBRARY } from './library';
import { createOfflineResearcher } from '../src/researcher/offline';
import { runCampaign, CAMPAIGNS, type CampaignResult } from './discovery-campaigns';
import type { Member } from './discovery-population';
import { Player, runInProcess, type CycleSize, type InProcessResult } from './in-process-cycle';

/** From a third of the types to all of them, then with more experiments for each. */
export const BUDGETS: readonly CycleSize[] = [
  { maxHypotheses: 10, maxExperiments: 1, runsPerExperiment: 5 },
  { maxHypotheses: 30, maxExperiments: 1, runsPerExperiment: 5 },
  { maxHypotheses: 30, maxExperiments: 3, runsPerExperiment: 5 },
];

export interface Finding {
  readonly failureType: FailureType;
  /** The same stimulus fails with the planted fault and holds without it. */
  readonly caused: boolean;
}

export interface CycleResult {
  readonly findings: readonly Finding[];
  readonly calls: number;
}

/** What the cycles made of one member; plain data, so that a worker can send it. */
export interface Examined {
  readonly index: number;
  readonly fault: Member['fault'];
  /** In the order of {@link BUDGETS}. */
  readonly cycles: readonly CycleResult[];
  /** In the order of {@link CAMPAIGNS}; only of members with a fault. */
  readonly campaigns: readonly CampaignResult[];
}

/** Runs a cycle of every size on one member, and the campaigns where there is something to find. */
export async function examine(index: number, { target, sound, fault }: Member): Promise<Examined> {
  const engines = createDetectionEngines();
  const player = new Player(target, engines);
  const researcher = createOfflineResearcher(LIBRARY);
  const cycles: CycleResult[] = [];
  for (const size of BUDGETS) {
    const result = await runInProcess(player, researcher, size, EMPTY_MEMORY);
    cycles.push({ findings: await findingsOf(result, sound, engines), calls: result.calls });
  }
  const campaigns: CampaignResult[] = [];
  if (fault !== null) {
    for (const campaign of CAMPAIGNS) campaigns.push(await runCampaign(player, campaign, index));
  }
  return { index, fault, cycles, campaigns };
}

/** Plays what failed again on the same application without its fault. */
async function findingsOf(
  { clusters, experiments }: InProcessResult,
  sound: Member['sound'],
  engines: DetectionEngines,
): Promise<readonly Finding[]> {
  const player = sound === null ? null : new Player(sound, engines);
  return Promise.all(
    clusters.map(async ({ failureType, example, experimentId }) => {
      const design = experiments.find(({ id }) => id === experimentId)?.design;
      const testCase = design?.cases[example.caseIndex];
      if (player === null || design === undefined || testCase === undefined)
        return { failureType, caused: false };
      const { outcome } = await player.play(testCase, design.maxOutputTokens, example.ordinal);
      return { failureType, caused: outcome === 'held' };
    }),
  );
}
