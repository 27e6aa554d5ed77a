import type { ToolCall } from '../domain/chat';
import type { Channel } from '../domain/deployment';
import type { Patch } from '../domain/intervention';
import type { SeenRequest } from './dialect';

/** An intervention that applications are to have in force. */
export interface LiveIntervention {
  readonly interventionId: string;
  readonly patch: Patch;
}

/** Where a guard looks up what is in force, at every request. */
export interface InterventionSource {
  current(): readonly LiveIntervention[];
}

/** A text refuses, and stands where the answer or the result would have; nothing lets pass. */
export type HookVerdict = string | undefined | void;

/** Steps of the application's own. One that throws in `production` fails the request or the call. */
export interface GuardHooks {
  /** Sees the request as interventions leave it. */
  readonly beforeRequest?: (
    request: Pick<SeenRequest, 'systemPrompt' | 'temperature' | 'maxOutputTokens' | 'tools'> & {
      readonly texts: readonly string[];
    },
  ) => HookVerdict | Promise<HookVerdict>;
  /** Sees an answer as output guardrails leave it, once for each answer of a reply. */
  readonly afterRequest?: (answer: {
    readonly text: string;
    readonly toolCalls: readonly ToolCall[];
  }) => HookVerdict | Promise<HookVerdict>;
  /** Sees a tool call that no policy denies. */
  readonly beforeTool?: (call: ToolCall) => HookVerdict | Promise<HookVerdict>;
  readonly afterTool?: (call: ToolCall, result: string) => HookVerdict | Promise<HookVerdict>;
}

/** What a guard does, or in `shadow` would have done. */
export const GUARD_EVENT_KINDS = [
  'prompt_changed',
  'parameters_changed',
  'input_redacted',
  'input_blocked',
  'output_redacted',
  'output_blocked',
  'tool_denied',
  'documents_changed',
  'over_token_limit',
  'refused_by_hook',
  'not_guarded',
  'guard_failed',
] as const;

export interface GuardEvent {
  readonly kind: (typeof GUARD_EVENT_KINDS)[number];
  /** False in `shadow`: it was not done. */
  readonly enforced: boolean;
  /** For people; quotes nothing that user or model said. */
  readonly detail: string;
  /** The interventions that call for it; of redactions, all that redact on that side. */
  readonly interventionIds: readonly string[];
}

/** How an application is guarded. */
export interface GuardOptions {
  /** `production` does what interventions, hooks and limit say; `shadow` changes nothing and reports. */
  readonly mode: Channel;
  /** What is in force; an `ActiveInterventions` keeps up with what Tinman publishes. */
  readonly interventions?: readonly LiveIntervention[] | InterventionSource;
  readonly hooks?: GuardHooks;
  /**
   * The most tokens of one request with its answer. The output limit is lowered to what the input leaves, and a request that
   * leaves nothing is refused. Input is estimated at four bytes of text a token, tools included, images not.
   */
  readonly tokenLimit?: number;
  /** Told of every event; a log line each, unless given. */
  readonly report?: (event: GuardEvent) => void;
}
