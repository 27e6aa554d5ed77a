import { EMPTY_MEMORY, type MemorySnapshot, type TypeHistory } from '../src/domain/memory';
import { FAILURE_TYPES } from '../src/domain/taxonomy';
import { LIBRARY } from './library';
import { createOfflineResearcher } from '../src/researcher/offline';
import type { Researcher } from '../src/researcher/researcher';
import { drawFrom, mixed, type Draw } from './discovery-applications';
import { runInProcess, type CycleSize, type InProcessResult, type Player } from './in-process-cycle';

/** Cycles on one target one after another, each knowing what those before it found. */
export interface Campaign {
  readonly order: 'ranked' | 'random';
  readonly cycles: number;
  readonly size: CycleSize;
}

const SIZES: readonly Pick<Campaign, 'cycles' | 'size'>[] = [
  { cycles: 1, size: { maxHypotheses: 5, maxExperiments: 1, runsPerExperiment: 5 } },
  { cycles: 1, size: { maxHypotheses: 10, maxExperiments: 1, runsPerExperiment: 5 } },
  { cycles: 3, size: { maxHypotheses: 5, maxExperiments: 1, runsPerExperiment: 5 } },
  { cycles: 2, size: { maxHypotheses: 10, maxExperiments: 1, runsPerExperiment: 5 } },
  { cycles: 3, size: { maxHypotheses: 10, maxExperiments: 1, runsPerExperiment: 5 } },
];

/** Each in the order of the researcher, and with types in random order. */
export const CAMPAIGNS: readonly Campaign[] = SIZES.flatMap((each) => [
  { ...each, order: 'ranked' },
  { ...each, order: 'random' },
]);

export interface CampaignResult {
  /** Whether any cycle had a finding. */
  readonly found: boolean;
  readonly calls: number;
}

export async function runCampaign(
  player: Player,
  { order, cycles, size }: Campaign,
  seed: number,
): Promise<CampaignResult> {
  const offline = createOfflineResearcher(LIBRARY);
  const draw = drawFrom(mixed(seed, `${order}/${cycles}/${size.maxHypotheses}`));
  const researcher = order === 'ranked' ? offline : inRandomOrder(offline, draw);
  let memory = EMPTY_MEMORY;
  let found = false;
  let calls = 0;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const result = await runInProcess(player, researcher, size, memory);
    found ||= result.clusters.length > 0;
    calls += result.calls;
    memory = remembering(memory, result);
  }
  return { found, calls };
}

/** The same experiments, but which types are tested is drawn. */
function inRandomOrder(researcher: Researcher, draw: Draw): Researcher {
  return {
    ...researcher,
    proposeHypotheses: async (input) => {
      const all = await researcher.proposeHypotheses({ ...input, count: FAILURE_TYPES.length });
      return all
        .map((hypothesis) => ({ hypothesis, place: draw.chance() }))
        .sort((a, b) => a.place - b.place)
        .map(({ hypothesis }) => hypothesis)
        .slice(0, input.count);
    },
  };
}

/** What is known after one more cycle. */
function remembering(
  memory: MemorySnapshot,
  { experiments, runs, clusters }: InProcessResult,
): MemorySnapshot {
  const added = FAILURE_TYPES.map((failureType): TypeHistory => {
    const before = memory.history.find((entry) => entry.failureType === failureType);
    const mine = experiments.filter(({ design }) => design.failureType === failureType);
    const outcomes = runs
      .filter(({ experimentId }) => mine.some(({ id }) => id === experimentId))
      .map(({ outcome }) => outcome);
    const failed = outcomes.filter((one) => one === 'failed').length;
    const held = outcomes.filter((one) => one === 'held').length;
    return {
      failureType,
      experiments: (before?.experiments ?? 0) + mine.length,
      assessedRuns: (before?.assessedRuns ?? 0) + failed + held,
      failedRuns: (before?.failedRuns ?? 0) + failed,
      // One cycle right after another, on a target that costs nothing.
      observations: [...(before?.observations ?? []), { failed, held, age: 0 }],
      runMicroUsd: null,
    };
  });
  const discovered = clusters.map(({ triggerSignature, failureType, trigger }) => ({
    failureId: triggerSignature,
    triggerSignature,
    failureType,
    trigger,
    state: 'open' as const,
  }));
  const again = new Set(discovered.map(({ triggerSignature }) => triggerSignature));
  return {
    history: added.filter(({ experiments: tested }) => tested > 0),
    knownFailures: [
      ...memory.knownFailures.filter(({ triggerSignature }) => !again.has(triggerSignature)),
      ...discovered,
    ],
  };
}
