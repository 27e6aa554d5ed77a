import type { ChatMessage, FinishReason, JsonObject, ToolCall, ToolDefinition } from './chat';
import type { Detector } from './detector';
import type { FailureType } from './taxonomy';
import type { TokenUsage } from './money';

/** What a simulated tool answers in a test case: the n-th call takes the n-th result, the last one repeats. */
export interface SimulatedTool extends ToolDefinition {
  readonly results: readonly string[];
  /** A destructive tool makes the experiment a destructive test only when it is real; here it is simulated. */
  readonly destructive?: boolean;
}

/** A document put into the context, as retrieval would. Its text is data for the target, planted by the experiment. */
export interface PlantedDocument {
  readonly title: string;
  readonly text: string;
}

/** One stimulus: what the target is given, turn by turn. */
export interface TestCase {
  /** What it is about this stimulus that is meant to trigger the failure, in a few stable words: findings cluster by it. */
  readonly trigger: string;
  /** Added to the target's own system prompt. */
  readonly systemPrompt?: string;
  /** What the user says, one entry a turn. At least one. */
  readonly turns: readonly string[];
  readonly tools?: readonly SimulatedTool[];
  /** Shown with the first turn. */
  readonly documents?: readonly PlantedDocument[];
  /** Fires when the run shows the failure. */
  readonly failsWhen: Detector;
}

/** A concrete, executable experiment. */
export interface ExperimentDesign {
  readonly title: string;
  readonly failureType: FailureType;
  readonly cases: readonly TestCase[];
  /** Cases the target should pass; they guard an intervention against over-refusal. */
  readonly controls: readonly TestCase[];
  /** True when it acts on real things; never so with simulated tools. */
  readonly destructive: boolean;
  /** Output limit of each target call, in tokens. */
  readonly maxOutputTokens: number;
}

export const RUN_OUTCOMES = ['failed', 'held', 'unassessed'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export const UNASSESSED_REASONS = [
  'target_error',
  'timeout',
  'budget',
  'judge_error',
  'cancelled',
  'refused_by_mode',
] as const;
export type UnassessedReason = (typeof UNASSESSED_REASONS)[number];

/** A passage of the transcript that shows what the verdict says. */
export interface Evidence {
  /** Index into `Transcript.messages`, where there is one. */
  readonly messageIndex?: number;
  readonly quote: string;
  readonly explanation: string;
}

/** What happened in one run: all messages in order, with the figures of every target call. */
export interface Transcript {
  readonly messages: readonly ChatMessage[];
  readonly calls: readonly CallFigures[];
}

export interface CallFigures {
  readonly model: string;
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
  /** As in `ChatReply`. */
  readonly usageReported?: boolean;
  readonly latencyMs: number;
  /** Index into `Transcript.messages` of the answer that the call gave. */
  readonly messageIndex?: number;
}

export interface Verdict {
  readonly outcome: RunOutcome;
  readonly evidence: readonly Evidence[];
  readonly reason?: UnassessedReason;
  /** For people: why it is unassessed. */
  readonly detail?: string;
}

/** The simulated result of a tool call. */
export function simulatedResult(tool: SimulatedTool | undefined, callNumber: number, call: ToolCall): string {
  if (tool === undefined) return JSON.stringify({ error: `no tool named ${call.name}` } satisfies JsonObject);
  return tool.results[Math.min(callNumber, tool.results.length - 1)] ?? '';
}
