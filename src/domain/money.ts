/** Money is whole micro-dollars (1 USD = 1,000,000), so that sums are exact. */
const MICRO_PER_USD = 1_000_000;

/** What a model charges, in USD per million tokens (which is micro-dollars per token). */
export interface TokenPrice {
  readonly inputUsdPerMtok: number;
  readonly outputUsdPerMtok: number;
  /** Reading a cached prefix; defaults to the input price. */
  readonly cacheReadUsdPerMtok?: number;
  /** Writing a cached prefix; defaults to the input price. */
  readonly cacheWriteUsdPerMtok?: number;
}

/** Tokens of one or more calls. Cached tokens are not part of `inputTokens`. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
}

export const NO_USAGE: TokenUsage = { inputTokens: 0, outputTokens: 0 };

export function microOfUsd(usd: number): number {
  return Math.round(usd * MICRO_PER_USD);
}

export function usdOfMicro(micro: number): number {
  return micro / MICRO_PER_USD;
}

/** The price of a model in a table, also under its dated name (`claude-sonnet-4-5-20250929`). */
export function priceIn<P extends TokenPrice>(
  prices: Readonly<Record<string, P>>,
  model: string,
): P | undefined {
  const known = [model, model.replace(/-\d{8}$/, '')].find((name) => Object.hasOwn(prices, name));
  return known === undefined ? undefined : prices[known];
}

/** The bill of a usage, rounded up to a whole micro-dollar. */
export function costMicroUsd(usage: TokenUsage, price: TokenPrice): number {
  const cost =
    usage.inputTokens * price.inputUsdPerMtok +
    usage.outputTokens * price.outputUsdPerMtok +
    (usage.cacheReadTokens ?? 0) * (price.cacheReadUsdPerMtok ?? price.inputUsdPerMtok) +
    (usage.cacheWriteTokens ?? 0) * (price.cacheWriteUsdPerMtok ?? price.inputUsdPerMtok);
  return Math.ceil(cost - 1e-9);
}

/** The most a call can cost: every byte of input a token at the dearest input price, and the whole output limit. */
export function costUpperBoundMicroUsd(
  inputBytes: number,
  maxOutputTokens: number,
  price: TokenPrice,
): number {
  const dearestInput = Math.max(price.inputUsdPerMtok, price.cacheWriteUsdPerMtok ?? 0);
  return Math.ceil(inputBytes * dearestInput + maxOutputTokens * price.outputUsdPerMtok);
}

export function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: (a.cacheReadTokens ?? 0) + (b.cacheReadTokens ?? 0),
    cacheWriteTokens: (a.cacheWriteTokens ?? 0) + (b.cacheWriteTokens ?? 0),
  };
}
