import { assert, integer, property } from 'fast-check';
import { INCLUSIVE, usageOf } from '../../../src/ingest/genai/usage';

const APART = { cacheInInput: false, reasoningInOutput: false };
const tokens = integer({ min: 0, max: 1_000_000 });

describe('usageOf', () => {
  it('counts parts once, whichever way they are recorded, wherever the total tells', () => {
    assert(
      property(tokens, tokens, tokens, tokens, (plain, cacheRead, spoken, reasoning) => {
        const total = plain + cacheRead + spoken + reasoning;
        const inside = { input: plain + cacheRead, output: spoken + reasoning, cacheRead, reasoning, total };
        const apart = { input: plain, output: spoken, cacheRead, reasoning, total };
        const wanted = { inputTokens: plain + cacheRead, outputTokens: spoken + reasoning };
        expect(usageOf(inside, APART)).toMatchObject(wanted);
        expect(usageOf(inside, INCLUSIVE)).toMatchObject(wanted);
        expect(usageOf(apart, APART)).toMatchObject(wanted);
        expect(usageOf(apart, INCLUSIVE)).toMatchObject(wanted);
      }),
    );
  });

  it('follows the convention where there is no total', () => {
    const recorded = { input: 100, output: 50, cacheRead: 30, reasoning: 20 };
    expect(usageOf(recorded, INCLUSIVE)).toMatchObject({ inputTokens: 100, outputTokens: 50 });
    expect(usageOf(recorded, APART)).toMatchObject({ inputTokens: 130, outputTokens: 70 });
  });

  it('sees that a part larger than its whole was never in it', () => {
    const anthropic = { input: 3, output: 50, cacheRead: 2_000, cacheWrite: 100 };
    expect(usageOf(anthropic, INCLUSIVE)).toMatchObject({ inputTokens: 2_103, outputTokens: 50 });
  });

  it('finds one side from the total and the other, and nothing from nothing', () => {
    expect(usageOf({ total: 120, input: 100 }, INCLUSIVE)).toMatchObject({
      inputTokens: 100,
      outputTokens: 20,
    });
    expect(usageOf({ total: 120 }, INCLUSIVE)).toMatchObject({ inputTokens: null, outputTokens: null });
    expect(usageOf({ cacheRead: 5 }, INCLUSIVE)).toMatchObject({ inputTokens: null, cacheReadTokens: 5 });
  });
});
