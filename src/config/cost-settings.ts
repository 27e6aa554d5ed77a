import { z } from 'zod';
import { BUDGET_PERIODS } from '../domain/budget';
import type { Budget } from '../domain/budget';
import { microOfUsd } from '../domain/money';
import type { TokenPrice } from '../domain/money';

export const usd = z.number().min(0).max(1_000_000_000);
const usdPerMtok = z.number().min(0).max(1_000_000);
const period = z.enum(BUDGET_PERIODS);

const price = z.strictObject({
  input_usd_per_mtok: usdPerMtok,
  output_usd_per_mtok: usdPerMtok,
  cache_read_usd_per_mtok: usdPerMtok.optional(),
  cache_write_usd_per_mtok: usdPerMtok.optional(),
});

/** `cost` in tinman.yaml: what may be spent, and what models charge. */
export const COST_SETTINGS = z.strictObject({
  budget_usd: usd.default(100),
  period: period.default('daily'),
  warn_threshold: z.number().min(0).max(1).default(0.8),
  hard_limit: z.boolean().default(true),
  targets: z
    .record(z.string().min(1).max(100), z.strictObject({ budget_usd: usd, period: period.optional() }))
    .default({}),
  prices: z.record(z.string().min(1).max(200), price).default({}),
  worst_case: z
    .strictObject({
      input_usd_per_mtok: usdPerMtok.default(15),
      output_usd_per_mtok: usdPerMtok.default(75),
    })
    .prefault({}),
});

/** What may be spent, and what models charge. */
export interface CostSettings {
  /** On everything. */
  readonly global: Budget;
  /** On calls of a target, by its name. */
  readonly targets: Readonly<Record<string, Budget>>;
  /** By model; they win over the list prices. */
  readonly prices: Readonly<Record<string, TokenPrice>>;
  /** The price charged for a model without one. */
  readonly worstCase: TokenPrice;
}

export function costSettingsOf(cost: z.output<typeof COST_SETTINGS>): CostSettings {
  const { hard_limit: hardLimit, warn_threshold: warnThreshold, worst_case: worstCase } = cost;
  const global = {
    limitMicroUsd: microOfUsd(cost.budget_usd),
    period: cost.period,
    hardLimit,
    warnThreshold,
  };
  return {
    global,
    targets: mapValues(cost.targets, (own) => ({
      ...global,
      limitMicroUsd: microOfUsd(own.budget_usd),
      period: own.period ?? global.period,
    })),
    prices: mapValues(cost.prices, priceOf),
    worstCase: {
      inputUsdPerMtok: worstCase.input_usd_per_mtok,
      outputUsdPerMtok: worstCase.output_usd_per_mtok,
    },
  };
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}

function priceOf(own: z.output<typeof price>): TokenPrice {
  const { cache_read_usd_per_mtok: cacheRead, cache_write_usd_per_mtok: cacheWrite } = own;
  return {
    inputUsdPerMtok: own.input_usd_per_mtok,
    outputUsdPerMtok: own.output_usd_per_mtok,
    ...(cacheRead === undefined ? {} : { cacheReadUsdPerMtok: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWriteUsdPerMtok: cacheWrite }),
  };
}
