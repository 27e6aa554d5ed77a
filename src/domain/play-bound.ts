import { spokenBytes } from './adaptive-turn';
import type { ToolCall } from './chat';
import type { LoadProfile, TestCase } from './experiment';
import { guardedBytes } from './guardrails';
import { offeredToolsOf, systemTextOf, userTextsOf } from './stimulus';
import type { TargetConfiguration } from './target';
import { utf8Bytes } from './text-size';

/** Most target calls in a turn of a case that offers tools; without tools a turn is one call. */
export const DEFAULT_MAX_TOOL_STEPS = 8;

/** A token of ordinary text is about four bytes; what is longer on average is not sent on to the next call. */
const BYTES_PER_OUTPUT_TOKEN = 6;
/** Role, separators and ids of a message. */
const MESSAGE_OVERHEAD_BYTES = 64;
/** What providers put around the tools they show to a model. */
const TOOLS_OVERHEAD_BYTES = 512;
/** Id and name of a tool call, each sent twice: with the call and with its result. */
const CALL_OVERHEAD_BYTES = 160;
const SHORTEST_RESULT_LIMIT_BYTES = 256;

/** What may be sent on from one target call to the next, so that the cost of a play has a bound. */
export interface PlayLimits {
  /** Output limit of each target call. */
  readonly outputTokens: number;
  readonly callsPerTurn: number;
  /** Words and tool arguments of one reply. */
  readonly replyBytes: number;
  readonly toolCallsPerReply: number;
  readonly resultBytes: number;
}

/** The limits of a play; `maxOutputTokens` of the design and of the target's configuration: the lower one counts. */
export function playLimits(
  testCase: TestCase,
  configuration: TargetConfiguration,
  maxOutputTokens: number,
  maxToolSteps: number,
): PlayLimits {
  const { tools = [] } = testCase;
  const outputTokens = Math.min(maxOutputTokens, configuration.maxOutputTokens);
  const answers = [
    ...tools.flatMap(({ results }) => results),
    ...(testCase.recordedCalls ?? []).map(({ result }) => result),
    ...configuration.toolPolicies.map(({ message }) => message),
  ];
  return {
    outputTokens,
    callsPerTurn: tools.length === 0 ? 1 : Math.max(1, maxToolSteps),
    replyBytes: guardedBytes(configuration.outputGuardrails, outputTokens * BYTES_PER_OUTPUT_TOKEN),
    toolCallsPerReply: tools.length === 0 ? 0 : 8,
    resultBytes: Math.max(SHORTEST_RESULT_LIMIT_BYTES, ...answers.map(utf8Bytes)),
  };
}

/** What a tool call takes of `replyBytes`: its arguments, and of its id and name what is beyond the usual. */
export function toolCallBytes(call: ToolCall): number {
  const named = 2 * (utf8Bytes(call.id) + utf8Bytes(call.name));
  return utf8Bytes(call.arguments) + Math.max(0, named - CALL_OVERHEAD_BYTES);
}

/** The most that a play can take, over all its target calls. */
export interface PlayBound {
  /** Summed over the calls; a byte is at most one token. */
  readonly inputBytes: number;
  readonly calls: number;
  readonly outputTokens: number;
}

/**
 * The most that playing a case can take: every reply as long as it may be, every turn with as many calls as it may have,
 * every adaptive turn said, every request of a load made.
 */
export function playUpperBound(
  testCase: TestCase,
  configuration: TargetConfiguration,
  maxOutputTokens: number,
  maxToolSteps: number = DEFAULT_MAX_TOOL_STEPS,
): PlayBound {
  const limits = playLimits(testCase, configuration, maxOutputTokens, maxToolSteps);
  const opening = openingBytes(testCase, configuration);
  const said = userTextsOf(testCase, configuration).map(utf8Bytes);
  const fixed = said.length === 0 ? [0] : said;
  const turns = [...fixed, ...(testCase.adaptiveTurns ?? []).map(spokenBytes)].map(
    (bytes) => MESSAGE_OVERHEAD_BYTES + guardedBytes(configuration.inputGuardrails, bytes),
  );
  if (testCase.load !== undefined)
    return loadBound(testCase.load, turns.slice(0, fixed.length), opening, limits);
  const growth = growthBytes(limits);
  let context = opening;
  let inputBytes = 0;
  for (const turn of turns) {
    context += turn;
    for (let call = 0; call < limits.callsPerTurn; call += 1) {
      inputBytes += context;
      context += growth;
    }
  }
  const calls = turns.length * limits.callsPerTurn;
  return { inputBytes, calls, outputTokens: calls * limits.outputTokens };
}

/** Every request is a conversation of its own with one call. */
function loadBound(
  { alone, requests }: LoadProfile,
  turns: readonly number[],
  opening: number,
  { outputTokens }: PlayLimits,
): PlayBound {
  const calls = alone + requests;
  const inputBytes = calls * opening + alone * (turns[0] ?? 0) + requests * (turns.at(-1) ?? 0);
  return { inputBytes, calls, outputTokens: calls * outputTokens };
}

/** What every call of the case is sent: system message, tools, and the recorded beginning of a replay. */
function openingBytes(testCase: TestCase, configuration: TargetConfiguration): number {
  const tools = offeredToolsOf(testCase);
  const toolBytes = tools.length === 0 ? 0 : utf8Bytes(JSON.stringify(tools)) + TOOLS_OVERHEAD_BYTES;
  const prefix = (testCase.prefix ?? []).reduce(
    (sum, message) => sum + MESSAGE_OVERHEAD_BYTES + utf8Bytes(JSON.stringify(message)),
    0,
  );
  return MESSAGE_OVERHEAD_BYTES + utf8Bytes(systemTextOf(testCase, configuration)) + toolBytes + prefix;
}

/** What one reply adds to the next call: itself, and the results of its tool calls. */
function growthBytes({ replyBytes, toolCallsPerReply, resultBytes }: PlayLimits): number {
  const perToolCall = CALL_OVERHEAD_BYTES + resultBytes + MESSAGE_OVERHEAD_BYTES;
  return MESSAGE_OVERHEAD_BYTES + replyBytes + toolCallsPerReply * perToolCall;
}
