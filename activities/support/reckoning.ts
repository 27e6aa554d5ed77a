import { rubricsIn } from '../../src/domain/detectors/judged-detector';
import type { TestCase } from '../../src/domain/experiment';
import type { Mode } from '../../src/domain/mode';
import { costUpperBoundMicroUsd } from '../../src/domain/money';
import type { TokenPrice } from '../../src/domain/money';
import { playUpperBound } from '../../src/domain/play-case';
import type { TargetConfiguration } from '../../src/domain/target';
import type { Target } from '../../src/ports/target';
import { JUDGE_OUTPUT_TOKENS } from '../../src/researcher/judge';
import { JUDGE_SYSTEM, MAX_JUDGED_CHARS } from '../../src/researcher/prompts/judge';
import type { ActivityDeps } from '../deps';
import { PROTOCOL_OVERHEAD_BYTES } from './model-call';
import { priceInMode } from './pricing';

/** What the cost of a judge depends on. */
export type JudgePriceDeps = Pick<ActivityDeps, 'llm' | 'worstCasePrice' | 'maxAnswerTokens'>;

const BYTES_PER_OUTPUT_TOKEN = 6;

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

/** The same with the votes of a judge, each answered at once, where the case may need one and there is a model to ask. */
export function judgedBoundOf(
  deps: JudgePriceDeps,
  mode: Mode,
  testCase: TestCase,
  configuration: TargetConfiguration,
  maxOutputTokens: number,
  price: TokenPrice,
): number {
  const played = boundOf(testCase, configuration, maxOutputTokens, price);
  const [rubric] = rubricsIn(testCase.failsWhen);
  if (rubric === undefined || deps.llm === undefined) return played;
  const { inputBytes, outputTokens } = playUpperBound(testCase, configuration, maxOutputTokens);
  const transcriptBytes = Math.min(MAX_JUDGED_CHARS, inputBytes + BYTES_PER_OUTPUT_TOKEN * outputTokens);
  const vote = costUpperBoundMicroUsd(
    JUDGE_SYSTEM.length + rubric.rubric.length + transcriptBytes + PROTOCOL_OVERHEAD_BYTES,
    Math.min(JUDGE_OUTPUT_TOKENS, deps.maxAnswerTokens),
    priceInMode(deps.llm, mode, deps.worstCasePrice),
  );
  return played + (rubric.votes ?? 1) * vote;
}
