import * as wf from '@temporalio/workflow';

/** The code of the refusal that made an activity fail; undefined when it failed otherwise. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof wf.ActivityFailure ? error.cause : error;
  return cause instanceof wf.ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** What went wrong at the bottom of it, for people. */
export function rootMessage(error: unknown): string {
  return wf.rootCause(error) ?? String(error);
}
