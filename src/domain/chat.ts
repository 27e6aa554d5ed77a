import type { TokenUsage } from './money';

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** A tool offered to a target; `parameters` is a JSON Schema. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

/** A tool call made by a target. `arguments` is the raw text: it is untrusted and may not be JSON. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  /** Set on the record when a tool policy of the application kept the call from being made. */
  readonly denied?: boolean;
}

export type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly content: string; readonly toolCallId: string; readonly name: string };

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ToolDefinition[];
  readonly maxOutputTokens: number;
  readonly temperature?: number;
  /** Same seed and same messages: the same answer, where the target supports it. */
  readonly seed?: number;
}

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter', 'other'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

export interface ChatReply {
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
  /** False when the endpoint told no usage: `usage` is then zero, and the call is charged at its upper bound. */
  readonly usageReported?: boolean;
  /** The model that answered, as it named itself. */
  readonly model: string;
  /** Wall-clock time of the call in milliseconds. */
  readonly latencyMs: number;
}
