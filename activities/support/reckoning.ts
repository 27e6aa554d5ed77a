import type { TestCase } from '../../src/domain/experiment';
import type { Mode } from '../../src/domain/mode';
import { costUpperBoundMicroUsd } from '../../src/domain/money';
import type { TokenPrice } from '../../src/domain/money';
import { playUpperBound } from '../../src/domain/play-case';
import type { TargetConfiguration } from '../../src/domain/target';
import type { Target } from '../../src/ports/target';
import type { ActivityDeps } from '../deps';
import { priceInMode } from './pricing';

/** The price to reckon with for a target in a mode. */
export function targetPrice(
  deps: Pick<ActivityDeps, 'worstCasePrice'>,
  target: Pick<Target, 'describe'>,
  mode: Mode,
): TokenPrice {
  return priceInMode(target.describe, mode, deps.worstCasePrice);
}

/** The most that playing a case once can cost, in micro-dollars. */
export function boundOf(
  testCase: TestCase,
  configuration: TargetConfiguration,
  maxOutputTokens: number,
  price: TokenPrice,
): number {
  const { inputBytes, outputTokens } = playUpperBound(testCase, configuration, maxOutputTokens);
  return costUpperBoundMicroUsd(inputBytes, outputTokens, price);
}
