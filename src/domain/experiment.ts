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

/** What the user says depending on what was answered. */
export interface AdaptiveTurn {
  /** Judged on everything said so far; without it, `say` is said in any case. */
  readonly when?: Detector;
  /** In it, `{{answer}}` stands for the beginning of the last answer: at most 1,000 bytes. */
  readonly say: string;
  /** Said where `when` does not fire; without it nothing is said then. */
  readonly otherwise?: string;
}

/**
 * Several requests at once. The last turn is asked under load, each time in a conversation of its own; the first is asked
 * before it, one at a time, for comparison. Adaptive turns and tool results play no part.
 */
export interface LoadProfile {
  /** Requests one after another, before the others. At least one. */
  readonly alone: number;
  /** Requests under load. */
  readonly requests: number;
  /** Of these, at once. */
  readonly concurrency: number;
  /**
   * A request under load that is turned away for its rate is a figure of the run. Otherwise, as everywhere else, an error
   * leaves the run unassessed; so do all other errors.
   */
  readonly countsRateLimits?: boolean;
}

/** A call of a tool as a trace recorded it. The same call takes its results one after the other. */
export interface RecordedCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
  readonly result: string;
}

/** One stimulus: what the target is given, turn by turn. */
export interface TestCase {
  /** What it is about this stimulus that is meant to trigger the failure, in a few stable words: findings cluster by it. */
  readonly trigger: string;
  /** Added to the target's own system prompt. */
  readonly systemPrompt?: string;
  /** What the user says, one entry a turn. At least one. */
  readonly turns: readonly string[];
  /**
   * A recorded conversation that goes on: it stands before `turns` word for word, without a system message, which is
   * `systemPrompt`. Where it ends with the results of tools, there may be no turn: the target answers them.
   */
  readonly prefix?: readonly ChatMessage[];
  /**
   * Calls that were recorded with their results, in order: a tool gives these and no others. A call that is not among them
   * ends the play, and leaves it unassessed unless what was called decides it: nobody knows what the tool would have said.
   */
  readonly recordedCalls?: readonly RecordedCall[];
  /** Said after `turns`, in order. */
  readonly adaptiveTurns?: readonly AdaptiveTurn[];
  /** Of deployment types: how the target bears several requests at once. */
  readonly load?: LoadProfile;
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
  /** The call that ended a replay, since no result of it was recorded. */
  readonly divergedOn?: ToolCall;
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
  /** Of a case with load. */
  readonly phase?: 'alone' | 'load';
  /** Turned away for its rate, where the case counts that: no answer, no latency, no bill. */
  readonly rateLimited?: true;
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
