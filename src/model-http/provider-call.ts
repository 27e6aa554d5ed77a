import { CallError } from '../ports/call-error';
import { callFailure, type EndedBy } from './call-failure';

export interface TimedAnswer<T> {
  readonly answer: T;
  readonly latencyMs: number;
}

/**
 * One call of a provider's SDK, ended by the caller's signal or by the deadline, whichever comes first. (The deadlines of
 * the SDKs themselves end once the head of the reply is there; a body that never comes would hang for ever.)
 * @throws {CallError} whatever goes wrong.
 */
export async function callProvider<T>(
  signal: AbortSignal,
  timeoutMs: number,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<TimedAnswer<T>> {
  if (signal.aborted) {
    throw new CallError('aborted', 'aborted before the call', { retryable: false, maybeBilled: false });
  }
  const controller = new AbortController();
  let endedBy: EndedBy;
  const end = (by: EndedBy): void => {
    endedBy ??= by;
    controller.abort();
  };
  const onAbort = (): void => end('caller');
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => end('deadline'), timeoutMs);
  const startedAt = performance.now();
  try {
    const answer = await send(controller.signal);
    return { answer, latencyMs: Math.round(performance.now() - startedAt) };
  } catch (error) {
    throw callFailure(error, endedBy);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
