import { planSimulations } from '../../activities/support/plan-simulations';
import type { SimulationSources } from '../../activities/support/plan-simulations';
import type { CycleRequest } from '../../src/domain/cycle';
import type { Patch } from '../../src/domain/intervention';
import { rateOf } from '../../src/domain/statistics';

const WORST = { inputUsdPerMtok: 10, outputUsdPerMtok: 10 };
const DESIGN = {
  title: 'sums',
  failureType: 'logic_error' as const,
  cases: [
    { trigger: 'a sum', turns: ['2 + 2?'], failsWhen: { kind: 'numeric_wrong' as const, expected: 4 } },
  ],
  controls: [],
  destructive: false,
  maxOutputTokens: 100,
};
const PROMPT: Patch = { type: 'prompt_patch', append: 'Check every sum.' };
const ADVICE: Patch = { type: 'architectural_recommendation', recommendation: 'use a calculator' };
const interventions = [
  { id: 'a1', failureId: 'a', patch: PROMPT },
  { id: 'a2', failureId: 'a', patch: { type: 'parameter_change' as const, temperature: 0 } },
  { id: 'a3', failureId: 'a', patch: ADVICE },
  { id: 'b1', failureId: 'b', patch: PROMPT },
];

function plan(
  replayPairs: CycleRequest['replayPairs'],
  { spendableMicroUsd = Infinity, costLimitMicroUsd = Infinity } = {},
) {
  const sources: SimulationSources = {
    cycle: {
      id: 'c',
      startMode: 'lab',
      request: {
        ...{ focus: null, target: 'demo', maxHypotheses: 1, maxExperiments: 1, runsPerExperiment: 10 },
        ...{ replayPairs, budgetMicroUsd: null },
      },
    },
    target: {
      describe: {
        ...{ name: 'demo', kind: 'demo', description: 'a shop', model: 'm' },
        ...{ simulated: true, realTools: false },
        configuration: {
          ...{ systemPrompt: '', maxOutputTokens: 100, inputGuardrails: [], outputGuardrails: [] },
          ...{ toolPolicies: [], retrieval: {} },
        },
      },
    },
    found: [
      { id: 'a', experimentId: 'e', reproducibility: rateOf(50, 100) },
      { id: 'b', experimentId: 'e', reproducibility: rateOf(20, 100) },
    ],
    designed: [{ id: 'e', design: DESIGN }],
    spendableMicroUsd,
  };
  const deps = {
    recordId: (...parts: (string | number)[]) => parts.join('/'),
    worstCasePrice: WORST,
    llm: undefined,
    maxAnswerTokens: 1_000,
    settingsFor: () => ({ costLimitMicroUsd }),
  };
  return planSimulations(deps, sources, interventions);
}

describe('planSimulations', () => {
  it('replays what can be applied, and counts the candidates of each failure by itself', () => {
    const planned = plan(30);
    expect(planned.map(({ id }) => id)).toEqual(['simulation/c/a1', 'simulation/c/a2', 'simulation/c/b1']);
    expect(planned.map(({ pairsRequested }) => pairsRequested)).toEqual([30, 30, 30]);
    expect(planned.map((one) => one.plan)).toMatchObject([
      { candidates: 2, level: 0.025, chosenBy: 'request' },
      { candidates: 2, level: 0.025 },
      { candidates: 1, level: 0.05 },
    ]);
  });

  it('auto takes what each failure needs', () => {
    expect(plan('auto').map(({ pairsRequested }) => pairsRequested)).toEqual([35, 35, 90]);
  });

  it('auto keeps within an equal share of what the cycle may still spend', () => {
    const spendableMicroUsd = plan(40).reduce((sum, one) => sum + one.estimatedCostMicroUsd, 0);
    expect(spendableMicroUsd).toBeGreaterThan(0);
    const planned = plan('auto', { spendableMicroUsd });
    expect(planned.map((one) => [one.pairsRequested, one.plan?.chosenBy])).toEqual([
      [35, 'power'],
      [35, 'power'],
      [40, 'budget'],
    ]);
    const total = planned.reduce((sum, one) => sum + one.estimatedCostMicroUsd, 0);
    expect(total).toBeLessThanOrEqual(spendableMicroUsd);
  });

  it('auto keeps within the limit of one simulation, but never takes fewer than five', () => {
    const [most] = plan(50);
    const limited = plan('auto', { costLimitMicroUsd: most?.estimatedCostMicroUsd ?? 0 });
    expect(limited.map(({ pairsRequested }) => pairsRequested)).toEqual([35, 35, 50]);
    const broke = plan('auto', { spendableMicroUsd: 0 });
    expect(broke.map(({ pairsRequested }) => pairsRequested)).toEqual([5, 5, 5]);
  });
});
