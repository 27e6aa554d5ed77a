import { LIST_PRICES, priceOf } from '../../src/llm/prices';

describe('priceOf', () => {
  it('knows a model by its name and by its dated name', () => {
    expect(priceOf('claude-sonnet-4-5')).toMatchObject({ inputUsdPerMtok: 3, outputUsdPerMtok: 15 });
    expect(priceOf('claude-sonnet-4-5-20250929')).toBe(priceOf('claude-sonnet-4-5'));
  });

  it('does not take the price of a model whose name only begins alike', () => {
    expect(priceOf('claude-sonnet-4')).toBeUndefined();
    expect(priceOf('claude-sonnet-5-9')).toBeUndefined();
    expect(priceOf('constructor')).toBeUndefined();
  });

  it.each(Object.entries(LIST_PRICES))('prices %s in a plausible order, with its source', (_model, price) => {
    expect(price.cacheReadUsdPerMtok).toBeLessThan(price.inputUsdPerMtok);
    expect(price.cacheWriteUsdPerMtok).toBeGreaterThan(price.inputUsdPerMtok);
    expect(price.outputUsdPerMtok).toBeGreaterThan(price.inputUsdPerMtok);
    expect(price.source).toMatch(/Docs/);
    expect(price.asOf).toMatch(/^2026-\d\d-\d\d$/);
  });
});
