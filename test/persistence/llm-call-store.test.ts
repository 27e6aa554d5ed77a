import { designedCycle, startStores, threeTimes, type StoredWorld } from '../support/stored-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

describe('a call of the researcher', () => {
  it('is kept once with its bill', async () => {
    const { cycleId } = await designedCycle(world);
    const [reservation] = await world.ledger.reserve({
      cycleId,
      scopes: [],
      entries: [{ operation: `llm/${cycleId}/x`, source: 'researcher', model: 'm', amountMicroUsd: 500 }],
    });
    const ledgerKey = reservation?.admitted === true ? reservation.key : '';
    const call = {
      ledgerKey,
      cycleId,
      operation: 'x',
      provider: 'anthropic',
      model: 'm',
      promptVersion: '1',
      request: { messages: [{ role: 'user', content: 'why?' }] },
      response: null,
      status: 'invalid',
      error: 'not JSON',
      latencyMs: 12.4,
    } as const;
    const settlement = {
      key: ledgerKey,
      outcome: 'settled',
      amountMicroUsd: 321,
      usage: { inputTokens: 10, outputTokens: 2 },
    } as const;
    await threeTimes(() => world.stores.llmCalls.record(call, settlement));
    const [row, ...others] = await world.prisma.llmCall.findMany({ where: { cycleId } });
    expect(row).toMatchObject({ ledgerKey, request: call.request, response: null, latencyMs: 12 });
    expect(others).toEqual([]);
    expect((await world.stores.cycles.progress(cycleId)).spentMicroUsd).toBe(321);
  });
});
