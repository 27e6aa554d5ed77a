import { offeredToolsOf, systemTextOf, userTextsOf } from './stimulus';
import type { TestCase } from './experiment';
import type { TargetConfiguration } from './target';
import { utf8Bytes } from './text-size';

const BYTES_PER_TOKEN = 4;
/** A call, and one with the result of the tool that it asked for. */
const CALLS_PER_TURN_WITH_TOOLS = 2;
/** Answers are usually much shorter than they may be. */
const SHARE_OF_OUTPUT = 0.25;
/** What list prices ask for a token of output, in tokens of input. */
const OUTPUT_WEIGHT = 4;

/**
 * About what a play of this case costs, in tokens of input: for ranking what has never been played, not for budgets, which
 * go by `playUpperBound`.
 */
export function expectedPlayCost(
  testCase: TestCase,
  configuration: TargetConfiguration,
  maxOutputTokens: number,
): number {
  const said = userTextsOf(testCase, configuration);
  const calls = expectedCalls(testCase, said.length);
  const context =
    utf8Bytes(systemTextOf(testCase, configuration)) +
    utf8Bytes(JSON.stringify(offeredToolsOf(testCase))) +
    said.reduce((sum, text) => sum + utf8Bytes(text), 0);
  const output = Math.min(maxOutputTokens, configuration.maxOutputTokens) * SHARE_OF_OUTPUT;
  return calls * (context / BYTES_PER_TOKEN + OUTPUT_WEIGHT * output);
}

function expectedCalls({ load, adaptiveTurns = [], tools = [] }: TestCase, turns: number): number {
  if (load !== undefined) return load.alone + load.requests;
  const all = Math.max(1, turns + adaptiveTurns.length);
  return all * (tools.length === 0 ? 1 : CALLS_PER_TURN_WITH_TOOLS);
}
