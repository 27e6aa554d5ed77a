import type { ToolCall } from './chat';
import type { TokenUsage } from './money';

/**
 * What a span of a generative AI application did. `chat`, `completion`, `embeddings` and `rerank` are calls of a model;
 * `agent`, `workflow`, `task` and `evaluation` enclose others; `other` is recognisably of this kind, but says no more.
 */
export type GenAiOperationKind =
  | 'chat'
  | 'completion'
  | 'embeddings'
  | 'rerank'
  | 'tool'
  | 'agent'
  | 'workflow'
  | 'task'
  | 'retrieval'
  | 'evaluation'
  | 'guardrail'
  | 'other';

const MODEL_CALLS: ReadonlySet<GenAiOperationKind> = new Set(['chat', 'completion', 'embeddings', 'rerank']);

/** Conventions by which spans tell of generative AI, and Langfuse's own observations. */
export type GenAiConvention =
  'langfuse' | 'opentelemetry' | 'openinference' | 'vercel_ai' | 'openllmetry' | 'datadog';

export interface GenAiToolResult {
  /** The id of the call; empty where the source gives none. */
  readonly callId: string;
  readonly name: string | null;
  /** As recorded; JSON stays text. */
  readonly result: string;
}

export interface GenAiMessage {
  /** As recorded: `system`, `user`, `assistant`, `tool`, … */
  readonly role: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly toolResults: readonly GenAiToolResult[];
}

/** Tokens of one operation; null where nothing is recorded. */
export interface GenAiUsage {
  /** All input, with what was read from or written to a cache. */
  readonly inputTokens: number | null;
  /** All output, with reasoning. */
  readonly outputTokens: number | null;
  /** Part of `inputTokens`. */
  readonly cacheReadTokens: number | null;
  /** Part of `inputTokens`. */
  readonly cacheWriteTokens: number | null;
  /** Part of `outputTokens`. */
  readonly reasoningTokens: number | null;
}

/** A tool that was offered to a model, as recorded. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  /** JSON text of its schema; null where it is not recorded. */
  readonly parameters: string | null;
  /** By its annotation `destructiveHint`; null where it says nothing. */
  readonly destructive: boolean | null;
  /** Tools that must have been called before, where the definition declares any. */
  readonly requires: readonly string[];
}

/** A tool that was called: by the span itself, for the operation `tool`. */
export interface ExecutedTool extends ToolCall {
  /** As recorded; null where it is not. */
  readonly result: string | null;
}

/** What the attributes and events of one span say of generative AI, whatever convention they follow. */
export interface GenAiOperation {
  readonly spanId: string;
  /** The conventions that said something, the most trusted first. */
  readonly conventions: readonly GenAiConvention[];
  readonly operation: GenAiOperationKind;
  readonly provider: string | null;
  readonly requestModel: string | null;
  readonly responseModel: string | null;
  readonly inputMessages: readonly GenAiMessage[];
  readonly outputMessages: readonly GenAiMessage[];
  readonly usage: GenAiUsage;
  /** As recorded, in USD; null where it is not. */
  readonly recordedCostUsd: number | null;
  readonly toolDefinitions: readonly OfferedTool[];
  /** The calls the model asked for, or the one that the span executed. */
  readonly toolCalls: readonly ToolCall[];
  /** Only for the operation `tool`. */
  readonly executed: ExecutedTool | null;
  /** As recorded, in small letters. */
  readonly finishReasons: readonly string[];
  readonly conversationId: string | null;
  /** The output limit that was asked for. */
  readonly maxOutputTokens: number | null;
}

/** What the files of an import say of generative AI, all together. */
export interface GenAiSummary {
  /** The models that answered, or were asked where no answer names one; sorted. */
  readonly models: readonly string[];
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly tool_calls: number;
}

export const NO_GENAI_USAGE: GenAiUsage = {
  inputTokens: null,
  outputTokens: null,
  cacheReadTokens: null,
  cacheWriteTokens: null,
  reasoningTokens: null,
};

export function isModelCall({ operation }: Pick<GenAiOperation, 'operation'>): boolean {
  return MODEL_CALLS.has(operation);
}

/** The model that answered, or the one that was asked. */
export function modelOf({
  responseModel,
  requestModel,
}: Pick<GenAiOperation, 'responseModel' | 'requestModel'>): string | null {
  return responseModel ?? requestModel;
}

/** As the ledger counts: cached tokens apart from other input. Null where neither input nor output is recorded. */
export function billedUsage(usage: GenAiUsage): TokenUsage | null {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  if (inputTokens === null && outputTokens === null) return null;
  const cached = (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0);
  return {
    inputTokens: Math.max(0, (inputTokens ?? 0) - cached),
    outputTokens: outputTokens ?? 0,
    cacheReadTokens: cacheReadTokens ?? 0,
    cacheWriteTokens: cacheWriteTokens ?? 0,
  };
}

/** What a model charges for so much usage, in USD; undefined when it has no price. */
export type PriceOfUsage = (model: string, usage: TokenUsage) => number | undefined;

/** What an operation cost: as recorded, or by a price table; null when neither says so. */
export function costUsdOf(operation: GenAiOperation, priceOf: PriceOfUsage): number | null {
  if (operation.recordedCostUsd !== null) return operation.recordedCostUsd;
  const model = modelOf(operation);
  const usage = billedUsage(operation.usage);
  return model === null || usage === null ? null : (priceOf(model, usage) ?? null);
}
