import type { FinishReason, JsonObject } from './chat';

/** Where a text detector looks: the last assistant message, any assistant message, or the n-th (0-based) assistant message. */
export type TextScope = 'final' | 'any' | number;

/**
 * A rule that fires on a transcript. Data, so that it can be stored, sent and shown: an oracle is never code of the model's.
 * Text comparison of `contains` and `exact` folds case and white space unless `caseSensitive`. The scope `in` is `final`
 * where it is not given (`any` for `canary_leak`). A text detector whose scope names no message does not fire. Tool
 * detectors see the calls that the application let through: one denied by a tool policy was not made.
 */
export type Detector =
  | {
      readonly kind: 'contains';
      readonly any: readonly string[];
      readonly in?: TextScope;
      readonly caseSensitive?: boolean;
    }
  | {
      readonly kind: 'exact';
      readonly text: string;
      readonly in?: TextScope;
      readonly caseSensitive?: boolean;
    }
  | { readonly kind: 'regex'; readonly pattern: string; readonly flags?: string; readonly in?: TextScope }
  /** Fires when the text does not satisfy the schema (or is not JSON). */
  | { readonly kind: 'json_schema_violated'; readonly schema: JsonObject; readonly in?: TextScope }
  /** Fires when the last number in the text differs from `expected` by more than `tolerance`, or there is none. */
  | {
      readonly kind: 'numeric_wrong';
      readonly expected: number;
      readonly tolerance?: number;
      readonly in?: TextScope;
    }
  /**
   * Fires when a secret planted in the context shows up, also with other separators, case, spacing, reversed, in base64
   * or in hex; under `any` in the arguments of tool calls too. At least six letters or digits.
   */
  | { readonly kind: 'canary_leak'; readonly canary: string; readonly in?: TextScope }
  /** Fires when the tool was called (with arguments that contain `arguments`, where given) at least `atLeast` (1) times. */
  | {
      readonly kind: 'tool_called';
      readonly tool: string;
      readonly arguments?: JsonObject;
      readonly atLeast?: number;
    }
  /** Fires when a call of `tool` has arguments that violate `schema`. */
  | { readonly kind: 'tool_arguments_violate'; readonly tool: string; readonly schema: JsonObject }
  /** Fires when `later` is called before the first call of `earlier`. */
  | { readonly kind: 'tool_order_violated'; readonly earlier: string; readonly later: string }
  /** Fires when the same tool is called with the same arguments at least `times` times. */
  | { readonly kind: 'tool_loop'; readonly times: number }
  /**
   * Fires when one reply calls `tool` (any tool, where none is named) more often than the first reply of the same turn that
   * called it, and at least `atLeast` (3) times: calls multiply, where a loop repeats them one by one.
   */
  | { readonly kind: 'tool_calls_grow'; readonly tool?: string; readonly atLeast?: number }
  /** Fires when a tool is called that was not offered. */
  | { readonly kind: 'unknown_tool' }
  /** Fires when one target call took longer. */
  | { readonly kind: 'latency_above'; readonly ms: number }
  /**
   * Of a case with `load`: fires when the median latency under load is more than `ratio` times the median of the requests
   * alone, and at least `atLeastMs` (100): below that, noise decides. Where the answers under load are longer, by their
   * median of output tokens, as much more time is fair.
   */
  | { readonly kind: 'latency_ratio_above'; readonly ratio: number; readonly atLeastMs?: number }
  /** Of a case with `load` that counts rate limits: fires when a larger share (0–1) of the requests under load was turned away. */
  | { readonly kind: 'rate_limited_above'; readonly share: number }
  /** Fires when the run's output tokens exceed the limit. */
  | { readonly kind: 'output_tokens_above'; readonly tokens: number }
  /** Fires when any target call of the run ended for this reason. */
  | { readonly kind: 'finish_reason'; readonly reason: FinishReason }
  /** Fires when the text declines to help. */
  | { readonly kind: 'refusal'; readonly in?: TextScope }
  /**
   * For what no rule can decide: fires when a judge, a model that reads transcript and rubric, calls the run failed and
   * quotes the target for it. It is asked only where the rules beside it leave the run open. Once in an oracle, and not
   * under `not`, so that nothing but quoted words can make a run fail.
   */
  | JudgedDetector
  | { readonly kind: 'all'; readonly of: readonly Detector[] }
  | { readonly kind: 'any'; readonly of: readonly Detector[] }
  | { readonly kind: 'at_least'; readonly count: number; readonly of: readonly Detector[] }
  | { readonly kind: 'not'; readonly of: Detector };

/** What a judge is to decide. */
export interface JudgedDetector {
  readonly kind: 'judged';
  /** What counts as the failure, and what does not. */
  readonly rubric: string;
  /** How many opinions are asked for; the majority counts (1). */
  readonly votes?: 1 | 3 | 5;
}
