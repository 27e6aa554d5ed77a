import { priceIn } from '../domain/money';
import type { TokenPrice } from '../domain/money';

/** A provider's list price, with where and when it was read. Cache writes are those of five minutes, which is what we use. */
interface ListPrice extends TokenPrice {
  readonly source: string;
  /** ISO date at which the source said so. */
  readonly asOf: string;
}

const PRICING_PAGE = 'Claude Docs, “Pricing”, table “Model pricing”';

/** List prices of models, by model name without a date. */
export const LIST_PRICES: Readonly<Record<string, ListPrice>> = {
  'claude-fable-5-1': claude(10, 50, 0.25, PRICING_PAGE, '2026-09-01'),
  'claude-mythos-5-1': claude(10, 50, 0.25, PRICING_PAGE, '2026-09-01'),
  'claude-fable-5': claude(10, 50, 1, PRICING_PAGE, '2026-09-01'),
  'claude-mythos-5': claude(10, 50, 1, PRICING_PAGE, '2026-09-01'),
  'claude-opus-5-5': claude(4, 20, 0.2, 'Claude Docs, model page “Claude Opus 5.5”', '2026-09-22'),
  'claude-opus-5': claude(5, 25, 0.5, PRICING_PAGE, '2026-09-01'),
  'claude-opus-4-8': claude(5, 25, 0.5, PRICING_PAGE, '2026-09-01'),
  'claude-opus-4-7': claude(5, 25, 0.5, PRICING_PAGE, '2026-09-01'),
  'claude-opus-4-6': claude(5, 25, 0.5, PRICING_PAGE, '2026-09-01'),
  'claude-opus-4-5': claude(5, 25, 0.5, PRICING_PAGE, '2026-09-01'),
  'claude-sonnet-5-5': claude(
    2,
    10,
    0.1,
    'Claude Docs, model page “Claude Sonnet 5.5”; cache reads as cut on 2026-10-07, known at second hand',
    '2026-10-24',
  ),
  'claude-sonnet-5': claude(2, 10, 0.2, 'Claude Docs, model page “Claude Sonnet 5”', '2026-09-28'),
  'claude-sonnet-4-6': claude(3, 15, 0.3, PRICING_PAGE, '2026-09-01'),
  'claude-sonnet-4-5': claude(3, 15, 0.3, PRICING_PAGE, '2026-09-01'),
  'claude-haiku-5-5': claude(
    0.1,
    0.5,
    0.01,
    'Claude Docs, model page “Claude Haiku 5.5”, prompts up to 100,000 tokens (the researcher sends no longer ones)',
    '2026-10-24',
  ),
  'claude-haiku-4-5': claude(1, 5, 0.1, PRICING_PAGE, '2026-09-01'),
};

/** The list price of a model, also under its dated name; undefined when we have none. */
export function priceOf(model: string): ListPrice | undefined {
  return priceIn(LIST_PRICES, model);
}

/** Writing Claude's five-minute cache costs a quarter more than plain input. */
function claude(input: number, output: number, cacheRead: number, source: string, asOf: string): ListPrice {
  return {
    inputUsdPerMtok: input,
    outputUsdPerMtok: output,
    cacheReadUsdPerMtok: cacheRead,
    cacheWriteUsdPerMtok: input * 1.25,
    source,
    asOf,
  };
}
