import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { CycleProgress } from '../../domain/cycle';
import { DomainError } from '../../domain/errors';
import type { ApiDeps } from '../deps';
import { presentProgress } from '../progress';
import { defineRoute, type Route } from '../route';
import { IdParams } from '../schemas';

const POLL_MS = 500;
/** Proxies close connections that are silent for long. */
const HEARTBEAT_MS = 15_000;
/** When a client that lost its connection tries again. */
const RETRY_MS = 1_000;

const EventHeaders = z.object({
  'last-event-id': z.string().max(100).optional().describe('Set by clients that connect again.'),
});

/** `GET /research/cycles/:id/events`. */
export function cycleEventRoutes(deps: ApiDeps): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/research/cycles/:id/events',
      tag: 'cycles',
      access: 'viewer',
      summary:
        'The progress of a cycle as server-sent events: `progress` on every change, `end` once at the end.',
      params: IdParams,
      headers: EventHeaders,
      responses: {
        200: {
          description: 'The events; the data of each is a Progress. An id names a state, not a position.',
          contentType: 'text/event-stream',
        },
        204: { description: 'The client has seen the end: it need not connect again.' },
      },
      problems: { 404: 'There is no such research cycle.' },
      handler: async ({ params, headers, signal }) => {
        const first = await deps.records.progress(params.id);
        if (first === undefined)
          throw new DomainError('not_found', `there is no research cycle ${params.id}`);
        const lastId = headers['last-event-id'];
        if (first.state !== 'running' && lastId === eventId(first)) return { status: 204 };
        return {
          status: 200,
          headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
          body: Readable.from(events(deps, first, lastId, signal)),
        };
      },
    }),
  ];
}

/** Ends after `end`, or when the signal is aborted. A poll that fails is skipped: the stream outlives the database. */
async function* events(
  deps: ApiDeps,
  first: CycleProgress,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`;
  let progress: CycleProgress | undefined = first;
  let sentId = lastId;
  let sentAt = performance.now();
  do {
    const message = progress === undefined ? undefined : messageOf(progress, sentId);
    if (progress !== undefined && message !== undefined) {
      sentId = eventId(progress);
      sentAt = performance.now();
      yield message;
      if (progress.state !== 'running') return;
    } else if (performance.now() - sentAt >= HEARTBEAT_MS) {
      sentAt = performance.now();
      yield ': still running\n\n';
    }
    progress = await poll(deps, first.id, signal);
  } while (!signal.aborted && !deps.health.draining());
}

/** Undefined when the client knows it already, but the end is always told. */
function messageOf(progress: CycleProgress, sentId: string | undefined): string | undefined {
  const id = eventId(progress);
  const ended = progress.state !== 'running';
  if (id === sentId && !ended) return undefined;
  return `event: ${ended ? 'end' : 'progress'}\nid: ${id}\ndata: ${JSON.stringify(presentProgress(progress))}\n\n`;
}

/** The progress after the pause; undefined when it cannot be read or the signal was aborted. */
async function poll(
  { records, logger }: ApiDeps,
  cycleId: string,
  signal: AbortSignal,
): Promise<CycleProgress | undefined> {
  try {
    await sleep(POLL_MS, undefined, { signal });
    return await records.progress(cycleId);
  } catch (error) {
    if (!signal.aborted) logger.warn({ err: error, cycle_id: cycleId }, 'progress could not be read');
    return undefined;
  }
}

/** The same for the same progress, so that a client that comes back is not told what it knows. */
function eventId(progress: CycleProgress): string {
  return createHash('sha256')
    .update(JSON.stringify(presentProgress(progress)))
    .digest('hex')
    .slice(0, 16);
}
