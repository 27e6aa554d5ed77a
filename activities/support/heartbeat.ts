import { Context } from '@temporalio/activity';

const HEARTBEAT_MS = 2_000;

/** Runs `work` with a heartbeat every two seconds and the signal that tells of cancellation, shutdown or time-out. */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
