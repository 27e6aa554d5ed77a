import { types } from 'node:util';
import { CallError } from '../ports/call-error';
import { ReplyTooLarge } from './bounded-fetch';

/** A server that asks for more patience than this is called again after it all the same. */
const MAX_RETRY_AFTER_MS = 3_600_000;
const MAX_MESSAGE_CHARS = 300;

/** Codes of Node and undici for a connection that never came about, so that nothing was sent. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Answers of a gateway that gave up waiting: what stands behind it may have done, and billed, the work. */
const GAVE_UP_WAITING = new Set([408, 502, 504]);

/** Who ended the call, where it was not the endpoint. */
export type EndedBy = 'caller' | 'deadline' | undefined;

/** The `CallError` for what an SDK threw; the shapes of Anthropic's and OpenAI's SDKs agree. */
export function callFailure(error: unknown, endedBy: EndedBy): CallError {
  if (error instanceof CallError) return error;
  const message = messageOf(error);
  if (endedBy === 'caller') {
    return new CallError('aborted', 'the call was aborted', {
      retryable: false,
      maybeBilled: true,
      cause: error,
    });
  }
  if (endedBy === 'deadline') {
    return new CallError('timeout', 'no answer in time', {
      retryable: true,
      maybeBilled: true,
      cause: error,
    });
  }
  const answered = statusOf(error);
  if (answered !== undefined) return failureOfStatus(answered, message, error);
  return failureWithoutStatus(message, error);
}

/**
 * Milliseconds to wait by `Retry-After` (RFC 9110 §10.2.3: seconds or a date), or by the finer `retry-after-ms` of
 * Anthropic and OpenAI. At most an hour; undefined when the server names no time that can be read.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const milliseconds = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return clampWait(milliseconds);
  const value = headers.get('retry-after');
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(wait) ? clampWait(wait) : undefined;
}

function clampWait(ms: number): number {
  return Math.ceil(Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS));
}

interface AnsweredStatus {
  readonly status: number;
  readonly headers: Headers;
}

function statusOf(error: unknown): AnsweredStatus | undefined {
  if (!types.isNativeError(error) || !('status' in error) || !('headers' in error)) return undefined;
  const { status, headers } = error;
  return typeof status === 'number' && headers instanceof Headers ? { status, headers } : undefined;
}

function failureOfStatus({ status, headers }: AnsweredStatus, message: string, cause: unknown): CallError {
  const wait = retryAfterMs(headers, Date.now());
  const later = wait === undefined ? {} : { retryAfterMs: wait };
  if (status === 429) {
    return new CallError('rate_limited', message, { retryable: true, maybeBilled: false, ...later, cause });
  }
  if (status === 408 || status >= 500) {
    const maybeBilled = GAVE_UP_WAITING.has(status);
    return new CallError('unavailable', message, { retryable: true, maybeBilled, ...later, cause });
  }
  return new CallError('refused', message, { retryable: false, maybeBilled: false, cause });
}

function failureWithoutStatus(message: string, error: unknown): CallError {
  const causes = causesOf(error);
  if (causes.some((cause) => cause instanceof ReplyTooLarge)) {
    return new CallError('invalid_reply', message, { retryable: false, maybeBilled: true, cause: error });
  }
  if (causes.some((cause) => cause.name === 'SyntaxError')) {
    return new CallError('invalid_reply', 'the reply is not JSON', {
      retryable: true,
      maybeBilled: true,
      cause: error,
    });
  }
  if (causes.some((cause) => 'code' in cause && NOT_CONNECTED.has(String(cause.code)))) {
    return new CallError('unavailable', message, { retryable: true, maybeBilled: false, cause: error });
  }
  return new CallError('timeout', message, { retryable: true, maybeBilled: true, cause: error });
}

/** The error, its causes, and the errors of a failed attempt on several addresses. */
function causesOf(error: unknown, depth = 5): readonly Error[] {
  if (!types.isNativeError(error) || depth === 0) return [];
  const inner: readonly unknown[] =
    'errors' in error && Array.isArray(error.errors) ? error.errors : [error.cause];
  return [error, ...inner.flatMap((cause) => causesOf(cause, depth - 1))];
}

function messageOf(error: unknown): string {
  const chain = causesOf(error);
  const text = chain.length === 0 ? String(error) : chain.map((cause) => cause.message).join(': ');
  return text.slice(0, MAX_MESSAGE_CHARS);
}
