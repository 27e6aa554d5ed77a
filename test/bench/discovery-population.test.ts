import { createDetectionEngines } from '../../src/detection/engines';
import { FAILURE_TYPES } from '../../src/domain/taxonomy';
import { createOfflineResearcher } from '../../src/researcher/offline';
import { DEMO_FAULT_NAMES } from '../../src/targets/demo';
import { generatePopulation, PROBABILITIES, type Member } from '../../bench/discovery-population';
import { Player, runInProcess } from '../../bench/in-process-cycle';
import { LIBRARY } from '../support/library';

const NEVER = new AbortController().signal;
const population = generatePopulation(7, 20);

const faultyOnes = (probability: number): readonly Member[] =>
  population.filter(({ fault }) => fault?.probability === probability);

describe('the population of the discovery bench', () => {
  it('plants every fault at every share, twice, and plants nothing in healthy ones', () => {
    for (const probability of PROBABILITIES) {
      const planted = faultyOnes(probability).map(({ fault }) => fault?.name);
      for (const name of DEMO_FAULT_NAMES) expect(planted.filter((each) => each === name)).toHaveLength(2);
      expect(planted).toHaveLength(2 * DEMO_FAULT_NAMES.length);
    }
    expect(population.filter(({ fault }) => fault === null)).toHaveLength(20);
  });

  it('has members that differ in their instructions', () => {
    const prompts = population.map(({ target }) => target.describe.configuration.systemPrompt);
    expect(new Set(prompts).size).toBe(prompts.length);
  });

  it('is the same for the same seed, and another for another', async () => {
    const answersOf = (members: readonly Member[]) =>
      Promise.all(
        members.slice(0, 40).map(async ({ target }) => {
          const request = { messages: [{ role: 'user', content: 'Are 9.11 kg more than 9.9 kg?' }] as const };
          const reply = await target
            .chat({ ...request, maxOutputTokens: 500, seed: 3 }, NEVER)
            .catch((error: unknown) => ({ content: String(error) }));
          return [target.describe.configuration, reply.content];
        }),
      );
    const answers = await answersOf(population);
    expect(await answersOf(generatePopulation(7, 20))).toEqual(answers);
    expect(await answersOf(generatePopulation(8, 20))).not.toEqual(answers);
  });
});

describe('a cycle in this process', () => {
  const engines = createDetectionEngines();
  const size = { maxHypotheses: FAILURE_TYPES.length, maxExperiments: 1, runsPerExperiment: 2 };

  it('finds the same as before in a member with a fault, of the type that was planted', async () => {
    const member = faultyOnes(1).find(({ fault }) => fault?.name === 'decimal_versions');
    if (member === undefined) throw new Error('nothing is planted');
    const again = () =>
      runInProcess(new Player(member.target, engines), createOfflineResearcher(LIBRARY), size);
    const { clusters, calls } = await again();
    expect(clusters.map(({ failureType }) => failureType)).toContain('logic_error');
    const repeated = await again();
    const shown = (found: typeof clusters) =>
      found.map(({ triggerSignature, reproducibility, evidence }) => [
        triggerSignature,
        reproducibility,
        evidence,
      ]);
    expect(shown(repeated.clusters)).toEqual(shown(clusters));
    expect(repeated.calls).toBe(calls);
  });

  it('plays a case once with a seed, and counts its calls each time', async () => {
    const healthy = population.find(({ fault }) => fault === null);
    if (healthy === undefined) throw new Error('none is healthy');
    let made = 0;
    const counting = {
      ...healthy.target,
      chat: (...args: Parameters<Member['target']['chat']>) => {
        made += 1;
        return healthy.target.chat(...args);
      },
    };
    const player = new Player(counting, engines);
    const first = await runInProcess(player, createOfflineResearcher(LIBRARY), size);
    const second = await runInProcess(player, createOfflineResearcher(LIBRARY), size);
    expect(first.calls).toBe(made);
    expect(second.calls).toBe(made);
  });
});
