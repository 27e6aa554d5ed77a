import { DomainError } from '../../src/domain/errors';
import type { Mode } from '../../src/domain/mode';
import type { TokenPrice } from '../../src/domain/money';

/**
 * The price to reckon with: the known one, else the configured worst case.
 * @throws {DomainError} `unpriced_model` in production.
 */
export function priceInMode(
  model: { readonly model: string; readonly price?: TokenPrice },
  mode: Mode,
  worstCase: TokenPrice,
): TokenPrice {
  if (model.price !== undefined) return model.price;
  if (mode === 'production') {
    throw new DomainError(
      'unpriced_model',
      `the price of ${model.model} is not known; set it in tinman.yaml`,
    );
  }
  return worstCase;
}
