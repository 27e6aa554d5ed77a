import { z } from 'zod';
import { DomainError } from '../../domain/errors';
import type { StartedCycle } from '../../ports/cycle-gateway';
import type { ApiRecord, Records } from '../../ports/records';
import { CycleBody, toCycleRequest } from '../cycle-request';
import type { ApiDeps } from '../deps';
import { HttpProblem } from '../problem';
import { PreferHeader, preferredWait } from '../preferred-wait';
import { presentProgress, Progress } from '../progress';
import { Cycle, CycleResult } from '../resources';
import { defineRoute, type Reply, type Route } from '../route';
import { EmptyBody, IdempotencyHeaders, IdParams } from '../schemas';

/** The longest that a request waits for the end of its cycle, in seconds. */
const MAX_WAIT_SECONDS = 600;

const WaitQuery = z.object({
  wait: z.coerce
    .number()
    .min(0)
    .optional()
    .describe(`Seconds to wait for the end, capped at ${MAX_WAIT_SECONDS}.`),
});

const WaitHeaders = IdempotencyHeaders.extend(PreferHeader);

const Started = z.object({ id: z.guid(), workflow_id: z.string() }).meta({ id: 'StartedCycle' });

const CycleDetail = Cycle.extend({
  progress: Progress,
  result: CycleResult.nullable().describe('Null while the cycle runs.'),
}).meta({ id: 'CycleDetail' });

const NO_CYCLE = 'There is no such research cycle.';

/** Starting, reading and steering cycles; the list comes with the other resources. */
export function cycleRoutes(deps: ApiDeps): readonly Route[] {
  return [
    startRoute(deps),
    defineRoute({
      method: 'GET',
      path: '/research/cycles/:id',
      tag: 'cycles',
      access: 'viewer',
      summary: 'A research cycle with its progress and, once it has ended, its result.',
      params: IdParams,
      responses: { 200: { description: 'The cycle.', schema: CycleDetail } },
      problems: { 404: NO_CYCLE },
      handler: async ({ params }) => ({ status: 200, body: await readCycle(deps.records, params.id) }),
    }),
    steerRoute(deps, 'cancel', 'Asks a cycle to end; it keeps its records and ends cancelled.', (id) =>
      deps.cycles.cancel(id),
    ),
    steerRoute(deps, 'pause', 'Asks a cycle to start nothing new.', (id) => deps.cycles.setPaused(id, true)),
    steerRoute(deps, 'resume', 'Lets a paused cycle go on.', (id) => deps.cycles.setPaused(id, false)),
  ];
}

function startRoute(deps: ApiDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/research/cycle',
    tag: 'cycles',
    access: 'operator',
    summary: 'Starts a research cycle, and waits for its result when asked to.',
    query: WaitQuery,
    headers: WaitHeaders,
    body: CycleBody,
    responses: {
      200: { description: 'It ended within the wait: its result.', schema: CycleResult },
      202: {
        description: 'It runs.',
        schema: Started,
        headers: { Location: 'Where the cycle can be read.' },
      },
    },
    problems: {
      402: 'The budget is spent.',
      409: 'The Idempotency-Key was used for another request.',
      500: 'The cycle ended in failure within the wait; the members of its result are part of the problem.',
    },
    handler: async ({ query, headers, body, signal, principal }) => {
      if (deps.health.draining()) throw new DomainError('not_ready', 'the server is shutting down');
      const request = toCycleRequest(body, deps.defaultTarget);
      const started = await deps.cycles.start(request, principal.name, headers['idempotency-key']);
      const preferred = preferredWait(headers.prefer);
      const waitMs = Math.min(query.wait ?? preferred ?? 0, MAX_WAIT_SECONDS) * 1_000;
      const ended = waitMs > 0 && (await endsWithin(deps, started.cycleId, waitMs, signal));
      const reply = ended ? await resultOf(deps.records, started) : accepted(started);
      return preferred === undefined || query.wait !== undefined
        ? reply
        : { ...reply, headers: { ...reply.headers, 'Preference-Applied': `wait=${preferred}` } };
    },
  });
}

function steerRoute(
  { records }: ApiDeps,
  verb: 'cancel' | 'pause' | 'resume',
  summary: string,
  steer: (cycleId: string) => Promise<void>,
): Route {
  return defineRoute({
    method: 'POST',
    path: `/research/cycles/:id/${verb}`,
    tag: 'cycles',
    access: 'operator',
    summary,
    params: IdParams,
    body: EmptyBody,
    responses: { 202: { description: 'Asked; the progress before it took effect.', schema: Progress } },
    problems: { 404: NO_CYCLE, 409: 'The cycle has ended.' },
    handler: async ({ params }) => {
      await steer(params.id);
      const progress = await records.progress(params.id);
      if (progress === undefined) throw noCycle(params.id);
      return { status: 202, body: presentProgress(progress) };
    },
  });
}

/** False as well when the caller is gone or the server stops: the cycle goes on without either. */
async function endsWithin(
  { cycles }: ApiDeps,
  cycleId: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const settled = new AbortController();
  const aborted = new Promise<false>((resolve) => {
    signal.addEventListener('abort', () => resolve(false), { once: true, signal: settled.signal });
  });
  try {
    return !signal.aborted && (await Promise.race([cycles.waitForEnd(cycleId, waitMs, signal), aborted]));
  } finally {
    settled.abort();
  }
}

/** A failed cycle is a problem: 200 never has a failure inside. */
async function resultOf(records: Records, started: StartedCycle): Promise<Reply> {
  const [result, progress] = await Promise.all([
    records.result(started.cycleId),
    records.progress(started.cycleId),
  ]);
  if (result === undefined || progress === undefined) throw noCycle(started.cycleId);
  if (progress.state === 'failed') {
    const cause = typeof result['error'] === 'string' ? result['error'] : 'no cause was recorded';
    throw new HttpProblem(500, 'cycle_failed', `The research cycle failed: ${cause}`, {
      members: { ...result, id: started.cycleId, workflow_id: started.workflowId },
    });
  }
  return { status: 200, headers: { 'Content-Location': locationOf(started) }, body: result };
}

function accepted(started: StartedCycle): Reply {
  return {
    status: 202,
    headers: { Location: locationOf(started) },
    body: { id: started.cycleId, workflow_id: started.workflowId },
  };
}

function locationOf({ cycleId }: StartedCycle): string {
  return `/research/cycles/${cycleId}`;
}

async function readCycle(records: Records, id: string): Promise<ApiRecord> {
  const seen = await recordAndProgress(records, id);
  // One that ended between the two reads has ended in both when they are made again.
  const agree = seen.record['state'] === seen.progress.state;
  const { record, progress } = agree ? seen : await recordAndProgress(records, id);
  const result = progress.state === 'running' ? null : ((await records.result(id)) ?? null);
  return { ...record, progress: presentProgress(progress), result };
}

async function recordAndProgress(records: Records, id: string) {
  const [record, progress] = await Promise.all([records.get('cycles', id), records.progress(id)]);
  if (record === undefined || progress === undefined) throw noCycle(id);
  return { record, progress };
}

function noCycle(id: string): DomainError {
  return new DomainError('not_found', `there is no research cycle ${id}`);
}
