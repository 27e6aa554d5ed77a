import type { TokenPrice, TokenUsage } from '../domain/money';
import type { JsonObject } from '../domain/chat';

/** One structured question to the researcher's model. */
export interface LlmRequest {
  /** Stable across calls of a phase, so that the provider can cache it. */
  readonly system: string;
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];
  /** JSON Schema of the answer, with the name of the answer tool. */
  readonly answer: { readonly name: string; readonly schema: JsonObject };
  readonly maxOutputTokens: number;
}

export interface LlmReply {
  /** The answer as parsed JSON, or the raw text when the model gave none; untrusted. */
  readonly output: unknown;
  readonly rawText: string;
  readonly usage: TokenUsage;
  /** False when the endpoint told no usage: `usage` is then zero, and the call is charged at its upper bound. */
  readonly usageReported?: boolean;
  readonly model: string;
  readonly latencyMs: number;
  readonly stopReason: 'answered' | 'length' | 'refusal' | 'other';
}

/** The model that does the reasoning; calls never retry by themselves. */
export interface Llm {
  readonly provider: string;
  readonly model: string;
  /** Undefined: unpriced. */
  readonly price?: TokenPrice;
  /** @throws {CallError} when there is no answer. */
  ask(request: LlmRequest, signal: AbortSignal): Promise<LlmReply>;
  /** Asks the provider's unbilled models endpoint. */
  available(signal: AbortSignal): Promise<boolean>;
}
