const CALL_ERROR_KINDS = [
  'rate_limited',
  'unavailable',
  'timeout',
  'aborted',
  'invalid_reply',
  'refused',
] as const;
export type CallErrorKind = (typeof CALL_ERROR_KINDS)[number];

/** A model call without a usable answer. The adapter says what may help, the caller decides. */
export class CallError extends Error {
  constructor(
    readonly kind: CallErrorKind,
    message: string,
    readonly options: {
      /** Whether the same call may succeed later. */
      readonly retryable: boolean;
      /** Whether the provider may have billed it: true when the request may have been processed but no bill came back. */
      readonly maybeBilled: boolean;
      readonly retryAfterMs?: number;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.name = 'CallError';
  }
}
