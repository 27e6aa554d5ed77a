import type { Logger } from '../ports/logger';
import type { AttemptOutcome, DueDelivery, Outbox } from '../ports/outbox';
import { attemptDelivery, type Endpoint } from './attempt';

/** An attempt ends well within the lease of its delivery. */
const TIMEOUT_MS = 10_000;
/** Deliveries to one endpoint at once, of one process. */
const AT_ONCE = 20;
/** 30 days: ten times as long as a delivery is tried. */
const KEPT_MS = 30 * 86_400_000;
const FORGOTTEN_AT_ONCE = 1_000;

interface DispatchDeps {
  readonly outbox: Outbox;
  readonly log: Logger;
  /** Of one attempt, in milliseconds; ten seconds unless given. */
  readonly timeoutMs?: number;
}

/**
 * Sends what is due to one endpoint, all at once and each once; answers with how many there were. A process that dies
 * between sending and recording leaves its deliveries to be sent again, under the same id.
 */
export async function deliverDue(
  endpoint: Endpoint,
  { outbox, log, timeoutMs = TIMEOUT_MS }: DispatchDeps,
): Promise<number> {
  const due = await outbox.claim(endpoint.name, AT_ONCE);
  const recorded = await Promise.allSettled(
    due.map(async (delivery) => {
      const outcome = await attemptDelivery(endpoint, delivery, timeoutMs);
      tell(log, delivery, outcome);
      await outbox.record(delivery, outcome);
    }),
  );
  const unrecorded = recorded.find((one) => one.status === 'rejected');
  if (unrecorded !== undefined) throw unrecorded.reason;
  return due.length;
}

/** Deletes what was told, or given up, a month ago; what still waits for an endpoint stays. */
export async function forgetTold(outbox: Outbox): Promise<void> {
  for (let forgotten = FORGOTTEN_AT_ONCE; forgotten === FORGOTTEN_AT_ONCE;) {
    forgotten = await outbox.forget(KEPT_MS, FORGOTTEN_AT_ONCE);
  }
}

function tell(log: Logger, { eventId, endpoint, attempt }: DueDelivery, outcome: AttemptOutcome): void {
  if (outcome.state === 'delivered') return;
  const fields = { event_id: eventId, webhook: endpoint, attempt, reason: outcome.error };
  if (outcome.state === 'failed') log.error(fields, 'an event was not delivered and is given up');
  else log.warn({ ...fields, retry_in_ms: outcome.retryInMs }, 'an event was not delivered; trying again');
}
