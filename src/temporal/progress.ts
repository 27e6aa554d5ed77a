import { WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { DomainError } from '../domain/errors';
import { temporalCall } from './temporal-call';

/** How long a worker may take to bring a workflow to its end or to a person. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * What a workflow tells of itself: its update answers once there is news; one that ended before it came has its result.
 * @throws {DomainError} `not_ready`, with what may still happen, when nobody answers in time.
 */
export async function progressOf<P>(
  client: Client,
  handle: WorkflowHandle,
  update: string,
  mayStill: string,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<P> {
  try {
    return await answered(client, () => handle.executeUpdate<P, []>(update), mayStill, timeoutMs);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'cycle_already_ended') throw error;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what our own workflow returns
    return (await answered(client, () => handle.result(), mayStill, timeoutMs)) as P;
  }
}

/** @throws {DomainError} `not_ready` when nobody answers in time. */
export async function answered<T>(
  client: Client,
  call: () => Promise<T>,
  mayStill: string,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<T> {
  try {
    return await temporalCall(() => client.withDeadline(Date.now() + timeoutMs, call));
  } catch (error) {
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new DomainError('not_ready', `no worker answered in time; ${mayStill}`);
  }
}
