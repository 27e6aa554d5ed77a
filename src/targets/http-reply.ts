import { z } from 'zod';
import type { ChatReply, FinishReason, ToolCall } from '../domain/chat';
import { NO_USAGE } from '../domain/money';
import { CallError } from '../ports/call-error';
import { parsePath, valueAt, type JsonPath } from './json-path';

const path = z
  .string()
  .max(500)
  .transform((written, context): JsonPath => {
    const parsed = parsePath(written);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: 'Expected a path such as /reply/text or choices[0].text' });
    return z.NEVER;
  });

/** Where the parts of a reply stand; only the text must be there. */
export const RESPONSE_PATHS = z.strictObject({
  text: path,
  /** A list of calls, each with a name and its arguments as text or object, directly or under `function`. */
  tool_calls: path.optional(),
  input_tokens: path.optional(),
  output_tokens: path.optional(),
  /** Cached input, a part of `input_tokens`. */
  cached_tokens: path.optional(),
  model: path.optional(),
  finish_reason: path.optional(),
});
type ResponsePaths = z.infer<typeof RESPONSE_PATHS>;

const count = z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const callArguments = z.union([z.string(), z.record(z.string(), z.unknown())]).nullish();
const called = z.looseObject({ name: z.string().nullish(), arguments: callArguments, input: callArguments });
const calls = z
  .array(called.extend({ id: z.union([z.string(), z.number()]).nullish(), function: called.nullish() }))
  .max(128);
type Call = z.infer<typeof calls>[number];

const FINISHED: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  end_turn: 'stop',
  length: 'length',
  max_tokens: 'length',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  content_filter: 'content_filter',
  refusal: 'content_filter',
};

/**
 * The reply in an answer of any form.
 * @throws {CallError} `invalid_reply` when there is neither text nor tool call where they should stand.
 */
export function readHttpReply(
  answer: unknown,
  paths: ResponsePaths,
  model: string,
  latencyMs: number,
): ChatReply {
  const toolCalls = toolCallsOf(answer, paths.tool_calls);
  const content = valueAt(answer, paths.text) ?? (toolCalls.length === 0 ? undefined : '');
  if (typeof content !== 'string') {
    throw invalid(`Expected a text at /${paths.text.join('/')}, found ${typeof content}`);
  }
  const named = at(answer, paths.model);
  return {
    content,
    toolCalls,
    finishReason: finishReasonOf(at(answer, paths.finish_reason), toolCalls),
    ...usageOf(answer, paths),
    model: typeof named === 'string' && named !== '' ? named.slice(0, 200) : model,
    latencyMs,
  };
}

function at(answer: unknown, where: JsonPath | undefined): unknown {
  return where === undefined ? undefined : valueAt(answer, where);
}

function toolCallsOf(answer: unknown, where: JsonPath | undefined): readonly ToolCall[] {
  const found = at(answer, where);
  if (found === undefined || found === null) return [];
  const parsed = calls.safeParse(found);
  if (!parsed.success) throw invalid(`no tool calls: ${z.prettifyError(parsed.error).slice(0, 300)}`);
  return parsed.data.map(toolCallOf);
}

function toolCallOf({ id, ...call }: Call, index: number): ToolCall {
  const { name, arguments: named, input } = call.function ?? call;
  if (typeof name !== 'string') throw invalid(`tool call ${index} has no name`);
  const given = named ?? input ?? {};
  return {
    id: String(id ?? `call_${index}`),
    name,
    arguments: typeof given === 'string' ? given : JSON.stringify(given),
  };
}

function finishReasonOf(told: unknown, toolCalls: readonly ToolCall[]): FinishReason {
  if (typeof told === 'string') return FINISHED[told.toLowerCase()] ?? 'other';
  return toolCalls.length === 0 ? 'stop' : 'tool_calls';
}

function usageOf(answer: unknown, paths: ResponsePaths): Pick<ChatReply, 'usage' | 'usageReported'> {
  const input = count.safeParse(at(answer, paths.input_tokens));
  const output = count.safeParse(at(answer, paths.output_tokens));
  if (!input.success || !output.success) return { usage: NO_USAGE, usageReported: false };
  const cached = count.safeParse(at(answer, paths.cached_tokens));
  const cacheReadTokens = cached.success ? Math.min(cached.data, input.data) : 0;
  return {
    usage: {
      inputTokens: input.data - cacheReadTokens,
      outputTokens: output.data,
      ...(cacheReadTokens === 0 ? {} : { cacheReadTokens }),
    },
  };
}

function invalid(problem: string): CallError {
  return new CallError('invalid_reply', problem, { retryable: true, maybeBilled: true });
}
