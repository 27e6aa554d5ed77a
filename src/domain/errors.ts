/** Every way the domain can refuse; mapped to HTTP in `src/api/problem.ts` and to Temporal in `activities/failure.ts`. */
export const DOMAIN_ERROR_CODES = [
  'not_found',
  'approval_not_found',
  'approval_already_decided',
  'idempotency_conflict',
  'invalid_cursor',
  'invalid_period',
  'invalid_schedule',
  'cycle_already_ended',
  'mode_changed',
  'transition_not_allowed',
  'budget_exceeded',
  'action_blocked',
  'action_changed',
  'unknown_target',
  'unpriced_model',
  'invalid_configuration',
  'invalid_experiment',
  'model_output_invalid',
  'model_unavailable',
  'not_ready',
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'decision_unproven',
  'four_eyes_required',
  'comment_required',
  'policy_changed',
  'state_conflict',
  'invalid_arguments',
  'tool_failed',
  'unreadable_traces',
] as const;
export type DomainErrorCode = (typeof DOMAIN_ERROR_CODES)[number];

/** A refusal with a stable code; never retryable. `details` are shown to the caller. */
export class DomainError extends Error {
  constructor(
    readonly code: DomainErrorCode,
    message: string,
    readonly details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
    this.name = 'DomainError';
  }
}
