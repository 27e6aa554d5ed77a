import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { DomainError } from '../src/domain/errors';
import { CallError } from '../src/ports/call-error';

/** Decides, in one place, what Temporal may retry: everything except what cannot get better. */
export function toFailure(error: unknown): unknown {
  if (error instanceof DomainError) {
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: error.code !== 'not_ready',
      details: error.details === undefined ? [] : [error.details],
    });
  }
  if (error instanceof CallError) {
    if (error.kind === 'aborted') return isCancelled() ? new CancelledFailure(error.message) : error;
    return ApplicationFailure.create({
      message: error.message,
      type: `model_${error.kind}`,
      nonRetryable: !error.options.retryable,
      ...(error.options.retryAfterMs === undefined ? {} : { nextRetryDelay: error.options.retryAfterMs }),
    });
  }
  return error;
}

/** The call was aborted because the activity is to end, not by its own time limit. */
function isCancelled(): boolean {
  return Context.current().cancellationSignal.aborted;
}
