import { priceInMode } from '../../activities/support/pricing';
import { researcherOf } from '../../activities/support/researcher';
import type { Mode } from '../../src/domain/mode';
import type { Llm } from '../../src/ports/llm';
import type { CycleRecord } from '../../src/ports/stores';
import { cycleInput, startStores, type StoredWorld } from '../support/stored-cycle';

const WORST = { inputUsdPerMtok: 15, outputUsdPerMtok: 75 };
const USAGE = { inputTokens: 1_000, outputTokens: 100 };
const DESCRIPTION = {
  ...{ name: 'demo', kind: 'demo', description: 'a shop', model: 'm', simulated: true, realTools: false },
  configuration: {
    ...{ systemPrompt: '', maxOutputTokens: 100, inputGuardrails: [], outputGuardrails: [] },
    ...{ toolPolicies: [], retrieval: {} },
  },
};

describe('a model whose price nobody knows', () => {
  let world: StoredWorld;
  let asked = 0;
  const llm: Llm = {
    provider: 'anthropic',
    model: 'brand-new',
    ask: () => {
      asked += 1;
      const reply = { output: { hypotheses: [] }, rawText: '', model: 'brand-new', latencyMs: 1 };
      return Promise.resolve({ ...reply, usage: USAGE, stopReason: 'answered' as const });
    },
    available: () => Promise.resolve(true),
  };
  beforeAll(async () => void (world = await startStores()));
  afterAll(() => world.stop());
  beforeEach(() => void (asked = 0));

  async function cycleOf(startMode: Mode): Promise<CycleRecord> {
    const input = cycleInput();
    await world.stores.cycles.open(input);
    return { ...(await world.stores.cycles.get(input.cycleId)), startMode };
  }

  /** Asks for hypotheses; the answer has none, so that it is asked three times at most. */
  const propose = async (cycle: CycleRecord) => {
    const { stores, ledger } = world;
    const deps = {
      stores,
      ledger,
      library: { families: [], version: 'none' },
      llm,
      worstCasePrice: WORST,
      maxAnswerTokens: 1_000,
      onModelCall: () => undefined,
    };
    const researcher = researcherOf(deps, cycle, new AbortController().signal);
    const memory = await stores.memory.snapshot(DESCRIPTION.name, cycle.id);
    return researcher.proposeHypotheses({ focus: null, target: DESCRIPTION, memory, count: 1 });
  };

  it('is charged the configured worst case outside production', async () => {
    const cycle = await cycleOf('lab');
    await expect(propose(cycle)).rejects.toMatchObject({ code: 'model_output_invalid' });
    expect(asked).toBeGreaterThan(0);
    const entries = await world.prisma.costEntry.findMany({ where: { cycleId: cycle.id } });
    expect(entries).toHaveLength(asked);
    const bill = BigInt(1_000 * 15 + 100 * 75);
    for (const { state, settledMicroUsd, reservedMicroUsd } of entries) {
      expect({ state, settledMicroUsd }).toEqual({ state: 'settled', settledMicroUsd: bill });
      expect(reservedMicroUsd).toBeGreaterThan(BigInt(1_000 * 75));
    }
  });

  it('is refused in production before it is asked, also in a cycle that began there', async () => {
    const cycle = await cycleOf('production');
    await expect(propose(cycle)).rejects.toMatchObject({ name: 'DomainError', code: 'unpriced_model' });
    expect(asked).toBe(0);
    expect(await world.prisma.costEntry.count({ where: { cycleId: cycle.id } })).toBe(0);
  });

  it('is no matter once it has a price', () => {
    const price = { inputUsdPerMtok: 1, outputUsdPerMtok: 2 };
    expect(priceInMode({ model: 'm', price }, 'production', WORST)).toBe(price);
    expect(priceInMode({ model: 'm' }, 'shadow', WORST)).toBe(WORST);
    expect(() => priceInMode({ model: 'm' }, 'production', WORST)).toThrow('the price of m is not known');
  });
});
