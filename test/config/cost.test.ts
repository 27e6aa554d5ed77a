import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../src/config';
import { createTargetDirectory } from '../../src/targets';

describe('cost in tinman.yaml', () => {
  let cwd: string;
  beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'tinman-cost-'))));
  afterEach(() => rmSync(cwd, { recursive: true }));

  const load = (cost: unknown, env: Record<string, string> = {}) => {
    const shop = { kind: 'openai', base_url: 'http://127.0.0.1:1/v1', model: 'shop-1' };
    writeFileSync(join(cwd, 'tinman.yaml'), JSON.stringify({ targets: { shop }, cost }));
    return loadConfig({ cwd, env });
  };

  it('gives targets budgets and models prices; what is left out is that of the whole', () => {
    const { cost } = load({
      period: 'weekly',
      warn_threshold: 0.5,
      hard_limit: false,
      targets: { shop: { budget_usd: 2.5 }, demo: { budget_usd: 1, period: 'hourly' } },
      prices: { 'shop-1': { input_usd_per_mtok: 1, output_usd_per_mtok: 2, cache_read_usd_per_mtok: 0.1 } },
    });
    const shared = { hardLimit: false, warnThreshold: 0.5 };
    expect(cost.global).toEqual({ ...shared, limitMicroUsd: 100_000_000, period: 'weekly' });
    expect(cost.targets).toEqual({
      shop: { ...shared, limitMicroUsd: 2_500_000, period: 'weekly' },
      demo: { ...shared, limitMicroUsd: 1_000_000, period: 'hourly' },
    });
    expect(cost.prices).toEqual({
      'shop-1': { inputUsdPerMtok: 1, outputUsdPerMtok: 2, cacheReadUsdPerMtok: 0.1 },
    });
  });

  it('has the limit of TINMAN_BUDGET_USD', () => {
    expect(load({ budget_usd: 7 }, { TINMAN_BUDGET_USD: '3.5' }).cost.global.limitMicroUsd).toBe(3_500_000);
  });

  it.each([
    [{ targets: { shpo: { budget_usd: 1 } } }, /cost\.targets\.shpo: no such target.*did you mean shop\?/],
    [{ period: 'dayly' }, /did you mean daily\?/],
    [{ warn_threshold: 80 }, /cost\.warn_threshold/],
    [{ prices: { m: { input_usd_per_mtok: 1 } } }, /cost\.prices\.m\.output_usd_per_mtok/],
  ])('refuses %j and says why', (cost, said) => {
    expect(() => load(cost)).toThrow(ConfigError);
    expect(() => load(cost)).toThrow(said);
  });

  it('prices a target by its model, also a dated one, unless it has a price of its own', () => {
    const target = { kind: 'openai', base_url: 'http://127.0.0.1:1/v1' };
    const own = { input_usd_per_mtok: 9, output_usd_per_mtok: 9 };
    const targets = createTargetDirectory(
      {
        dated: { ...target, model: 'shop-1-20260901' },
        own: { ...target, model: 'shop-1', price: own },
        other: { ...target, model: 'shop-10' },
      },
      {},
      { 'shop-1': { inputUsdPerMtok: 1, outputUsdPerMtok: 2 } },
    );
    const priceOf = (name: string) => targets.get(name).describe.price;
    expect(priceOf('dated')).toEqual({ inputUsdPerMtok: 1, outputUsdPerMtok: 2 });
    expect(priceOf('own')).toEqual({ inputUsdPerMtok: 9, outputUsdPerMtok: 9 });
    expect(priceOf('other')).toBeUndefined();
  });
});
