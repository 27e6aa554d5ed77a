import type { OutboundEventType } from '../domain/outbound-events';

/** An endpoint by its name in the configuration. */
export interface EndpointSubscription {
  readonly name: string;
  readonly events: readonly OutboundEventType[];
}

/** An event on its way to one endpoint. */
export interface DueDelivery {
  /** The webhook-id, the same for every attempt. */
  readonly eventId: string;
  readonly endpoint: string;
  /** This attempt's number, from 1. */
  readonly attempt: number;
  readonly type: string;
  readonly data: unknown;
  readonly occurredAt: Date;
  /** Since the event, in milliseconds, by the database's clock. */
  readonly ageMs: number;
}

/** What an attempt came to. */
export type AttemptOutcome =
  | { readonly state: 'delivered' }
  /** To be tried again so many milliseconds from now. */
  | { readonly state: 'pending'; readonly error: string; readonly retryInMs: number }
  | { readonly state: 'failed'; readonly error: string };

/** Events that wait to be told outside. They are put there in the transaction of what they tell of. */
export interface Outbox {
  /**
   * Says that these endpoints are configured: each is told what happens from its first time on. Endpoints that no process
   * has named for ten minutes are retired, and what waits for them is dropped; answers with those that were retired now.
   */
  register(endpoints: readonly EndpointSubscription[]): Promise<readonly string[]>;
  /** Takes up to `limit` deliveries that are due. For half a minute nobody else gets them; then they are due again. */
  claim(endpoint: string, limit: number): Promise<readonly DueDelivery[]>;
  /** A failure leaves an audit entry. What another process has taken over meanwhile, only a delivery changes. */
  record(delivery: DueDelivery, outcome: AttemptOutcome): Promise<void>;
  /**
   * Deletes up to `limit` events that are older, in milliseconds, with their deliveries, of which none waits any more:
   * each was delivered, given up or dropped. Answers with the number of events.
   */
  forget(olderThanMs: number, limit: number): Promise<number>;
}
