import { types } from 'node:util';
import { retryAfterMs } from '../model-http/call-failure';
import type { AttemptOutcome, DueDelivery } from '../ports/outbox';
import { retryDelayMs } from './retry-delay';
import { signedHeaders } from './signature';

/** From the event on; then it is given up. */
const GIVEN_UP_AFTER_MS = 3 * 86_400_000;
const GONE = 410;

/** Where events go, and what they are signed with. */
export interface Endpoint {
  readonly name: string;
  readonly url: string;
  readonly secret: Buffer;
}

/**
 * Sends an event once. 2xx is a delivery; a redirect is none and is not followed; of the answer nothing but status and
 * `Retry-After` is read. 410, and the end of three days, are final.
 */
export async function attemptDelivery(
  endpoint: Endpoint,
  delivery: DueDelivery,
  timeoutMs: number,
): Promise<AttemptOutcome> {
  const answer = await send(endpoint, delivery, timeoutMs);
  if (answer.status !== undefined && answer.status >= 200 && answer.status < 300)
    return { state: 'delivered' };
  const { error } = answer;
  if (answer.status === GONE) return { state: 'failed', error };
  const retryInMs = Math.max(retryDelayMs(delivery.attempt, Math.random()), answer.retryAfterMs ?? 0);
  if (delivery.ageMs + retryInMs > GIVEN_UP_AFTER_MS) return { state: 'failed', error };
  return { state: 'pending', error, retryInMs };
}

interface Answer {
  readonly status?: number;
  /** What to say of it, unless it is a delivery. Never holds the URL, which may be a secret itself. */
  readonly error: string;
  readonly retryAfterMs?: number | undefined;
}

async function send(
  { url, secret }: Endpoint,
  { eventId, type, data, occurredAt }: DueDelivery,
  timeoutMs: number,
): Promise<Answer> {
  const body = JSON.stringify({ type, timestamp: occurredAt.toISOString(), data });
  const now = new Date();
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const {
      status,
      headers,
      body: rest,
    } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signedHeaders(secret, eventId, now, body) },
      body,
      redirect: 'manual',
      signal,
    });
    await rest?.cancel();
    return { status, error: `it answered ${status}`, retryAfterMs: retryAfterMs(headers, now.getTime()) };
  } catch (error) {
    return signal.aborted
      ? { error: `it did not answer within ${timeoutMs} ms` }
      : { error: `it could not be reached: ${codeOf(error)}` };
  }
}

/** The code of what lies behind a failed `fetch`: its own message says nothing. */
function codeOf(error: unknown): string {
  const cause = types.isNativeError(error) ? error.cause : undefined;
  return types.isNativeError(cause) && 'code' in cause ? String(cause.code) : 'the connection failed';
}
