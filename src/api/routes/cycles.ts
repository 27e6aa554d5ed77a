import { z } from 'zod';
import { CYCLE_REQUEST_LIMITS, type CycleRequest } from '../../domain/cycle';
import { DomainError } from '../../domain/errors';
import { microOfUsd } from '../../domain/money';
import type { StartedCycle } from '../../ports/cycle-gateway';
import type { ApiRecord, Records } from '../../ports/records';
import type { ApiDeps } from '../deps';
import { HttpProblem } from '../problem';
import { PreferHeader, preferredWait } from '../preferred-wait';
import { presentProgress, Progress } from '../progress';
import { Cycle, CycleResult } from '../resources';
import { defineRoute, type Reply, type Route } from '../route';
import { EmptyBody, IdempotencyHeaders, IdParams, text } from '../schemas';

/** The longest that a request waits for the end of its cycle, in seconds. */
const MAX_WAIT_SECONDS = 600;

const within = ({ min, max, default: value }: { min: number; max: number; default: number }) =>
  z.int().min(min).max(max).default(value);

const runs = CYCLE_REQUEST_LIMITS.runsPerExperiment;
const { min, max, default: usualPairs } = CYCLE_REQUEST_LIMITS.replayPairs;
const replayPairs = z
  .union([z.literal('auto'), z.int().min(min).max(max)], {
    error: `Expected "auto" or a whole number from ${min} to ${max}.`,
  })
  .default(usualPairs);

const CycleBody = z
  .strictObject({
    focus: text(2_000).nullish().describe('What to look for; everything when absent.'),
    target: text(200).min(1).optional().describe("A configured target; the server's default when absent."),
    max_hypotheses: within(CYCLE_REQUEST_LIMITS.maxHypotheses),
    max_experiments: within(CYCLE_REQUEST_LIMITS.maxExperiments).describe('Experiments per hypothesis.'),
    runs_per_experiment: z
      .int()
      .min(runs.min)
      .max(runs.max)
      .optional()
      .describe(
        `${runs.default} when absent; with \`regressions\`, the most runs of a known failure, ${runs.max} when absent.`,
      ),
    replay_pairs: replayPairs.describe(
      'Pairs of a replay; five can never show an effect. `auto`: as many as it takes to show a change that removes 80 % of the failure, within the budget.',
    ),
    budget_usd: z.number().min(0).max(1_000_000).nullish().describe('The most the cycle may spend.'),
    regressions: z
      .boolean()
      .default(false)
      .describe(
        'Replays every known failure of the target and looks for nothing new; hypotheses, experiments and replays then play no part.',
      ),
  })
  .refine(({ focus, regressions }) => focus == null || !regressions, {
    path: ['focus'],
    error: 'Every known failure is replayed; there is nothing to focus on.',
  })
  .meta({ id: 'CycleRequest' });

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

function toCycleRequest(body: z.output<typeof CycleBody>, defaultTarget: string): CycleRequest {
  return {
    focus: body.focus ?? null,
    target: body.target ?? defaultTarget,
    maxHypotheses: body.max_hypotheses,
    maxExperiments: body.max_experiments,
    runsPerExperiment: body.runs_per_experiment ?? (body.regressions ? runs.max : runs.default),
    replayPairs: body.replay_pairs,
    budgetMicroUsd: body.budget_usd == null ? null : microOfUsd(body.budget_usd),
    ...(body.regressions ? { regressions: true } : {}),
  };
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
