import type { SimulatedTool } from './experiment';
import type { TokenPrice } from './money';

/** A rule on text going in or coming out. `pattern` is a regular expression of linear time (RE2 syntax). */
export interface GuardrailRule {
  readonly pattern: string;
  /** `block` answers with `replacement` in place of the model; `redact` replaces what matches. */
  readonly action: 'block' | 'redact';
  readonly replacement: string;
}

/** A rule on tool calls of the target. */
export type ToolPolicyRule =
  | { readonly kind: 'deny'; readonly tool: string; readonly message: string }
  | { readonly kind: 'require_confirmation'; readonly tool: string; readonly message: string }
  | { readonly kind: 'max_identical_calls'; readonly times: number; readonly message: string }
  | { readonly kind: 'validate_arguments'; readonly message: string };

/** Where planted or retrieved documents go, how many, and whether they are fenced as data. */
export interface RetrievalSettings {
  readonly maxDocuments?: number;
  readonly fenced?: boolean;
}

/** Everything about a target that an intervention can change. Applications and replays apply it with the same code. */
export interface TargetConfiguration {
  readonly systemPrompt: string;
  readonly temperature?: number;
  readonly maxOutputTokens: number;
  readonly inputGuardrails: readonly GuardrailRule[];
  readonly outputGuardrails: readonly GuardrailRule[];
  readonly toolPolicies: readonly ToolPolicyRule[];
  readonly retrieval: RetrievalSettings;
}

/** What the researcher and the risk policy know of a target. */
export interface TargetDescription {
  readonly name: string;
  readonly kind: string;
  /** For people and for the researcher: what the application does. */
  readonly description: string;
  readonly model: string;
  /** True when calling it touches nothing outside this process. */
  readonly simulated: boolean;
  /** True when its tool calls act on real things (none do today: tools are simulated by the experiment). */
  readonly realTools: boolean;
  /** The application's own tools, with what they answer in experiments. */
  readonly tools?: readonly SimulatedTool[];
  /** Undefined: unpriced. */
  readonly price?: TokenPrice;
  readonly configuration: TargetConfiguration;
}
