import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createDemoTarget } from '../../src/targets/demo';
import { problemIn } from '../api/api-client';
import { startOpenAiServer, type OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { startWireTarget, type WireTarget } from '../support/stack-demo-target';
import { ResearchClient, SMALL, until } from './research-client';

jest.setTimeout(60_000);

const PRICE = { input_usd_per_mtok: 10, output_usd_per_mtok: 20 };
const started = z.looseObject({ id: z.string() });

describe('a cycle that is steered', () => {
  let wire: WireTarget;
  let silent: SilentServer;
  let model: OpenAiServer;
  /** Answers of `model` wait for it. */
  let gate: Promise<void> = Promise.resolve();
  let stack: Stack;
  let client: ResearchClient;

  beforeAll(async () => {
    wire = await startWireTarget(['decimal_versions']);
    silent = await startSilentServer();
    model = await startOpenAiServer(async () => {
      await gate;
      return { content: 'I do not know.' };
    });
    const { systemPrompt } = createDemoTarget({}).describe.configuration;
    const live = { kind: 'openai', model: 'any', price: PRICE };
    stack = await startStack({
      settings: {
        targets: {
          shop: { ...live, base_url: wire.baseUrl, system_prompt: systemPrompt },
          silent: { ...live, base_url: silent.url },
          model: { ...live, base_url: model.url },
        },
        experiments: { max_parallel: 1 },
      },
    });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await Promise.all([wire.stop(), silent.close(), model.close()]);
  });

  it('stops within its budget and keeps what it has found', async () => {
    const request = { ...SMALL, focus: 'logic_error', target: 'shop', replay_pairs: 20 };
    const free = await client.run(request);
    const [{ total } = { total: 0 }] = await stack.query<{ total: number }>(
      'SELECT sum(settled_micro_usd)::int AS total FROM cost_ledger WHERE cycle_id = $1',
      [free.id],
    );
    const [{ bound } = { bound: 0 }] = await stack.query<{ bound: number }>(
      'SELECT max(reserved_micro_usd)::int AS bound FROM cost_ledger WHERE cycle_id = $1',
      [free.id],
    );
    // Room for the runs and some replays, not for all.
    const limitUsd = (bound + total / 3) / 1e6;
    const result = await client.run({ ...request, budget_usd: limitUsd });
    expect(result).toMatchObject({ state: 'budget_exhausted', error: null });
    expect(result.failures_count).toBe(free.failures_count);
    expect(result.failures_count).toBeGreaterThan(0);
    const [booked] = await stack.query<{ spent: number; limit: number }>(
      `SELECT (p.settled_micro_usd + p.reserved_micro_usd)::int AS spent, b.limit_micro_usd::int AS limit
       FROM budgets b JOIN budget_periods p ON p.budget_id = b.id WHERE b.scope = $1`,
      [`cycle:${result.id}`],
    );
    expect(booked?.limit).toBe(Math.round(limitUsd * 1e6));
    expect(booked?.spent).toBeLessThanOrEqual(booked?.limit ?? 0);
    expect(booked?.spent).toBeGreaterThan(0);
    const { progress } = await client.cycle(result.id);
    expect(Math.round(progress.spent_usd * 1e6)).toBe(booked?.spent);
    expect(progress.held_usd).toBe(0);
  });

  it('asks the target nothing when the budget has no room for a single run', async () => {
    const callsBefore = model.calls;
    const result = await client.run({ ...SMALL, target: 'model', budget_usd: 0.000_001 });
    expect(result).toMatchObject({ state: 'budget_exhausted', failures_count: 0 });
    expect(model.calls).toBe(callsBefore);
    for (const experiment of result.experiments) {
      expect(experiment.outcomes).toMatchObject({ failed: 0, held: 0 });
      expect(experiment.failure_rate).toEqual({ value: null, n: 0, count: 0, low: null, high: null });
    }
  });

  it('is cancelled while runs are under way: calls are aborted, records kept', async () => {
    const id = await client.start({ ...SMALL, target: 'silent', max_hypotheses: 2 });
    await until(
      () => Promise.resolve(silent.open),
      (open) => open > 0,
    );
    const cancelledAt = Date.now();
    const answer = await client.api.post(`/research/cycles/${id}/cancel`, {});
    expect(answer).toMatchObject({ status: 202, body: { state: 'running' } });
    const ended = await client.ended(id, 10_000);
    expect(Date.now() - cancelledAt).toBeLessThan(6_000);
    expect(ended).toMatchObject({ state: 'cancelled', error: null, result: { success: false } });
    await until(
      () => Promise.resolve(silent.open),
      (open) => open === 0,
      2_000,
    );
    const experiments = await client.experimentsOf(id);
    expect(experiments).toHaveLength(2);
    expect(
      experiments.every(({ state, skip_reason: reason }) => state === 'skipped' && reason === 'cancelled'),
    ).toBe(true);
    const [open] = await stack.query(
      `SELECT count(*)::int AS n, bool_or(state = 'unknown') AS paid_for FROM cost_ledger
       WHERE cycle_id = $1 AND state <> 'released'`,
      [id],
    );
    expect(open).toEqual({ n: 1, paid_for: true });
    const again = await client.api.post(`/research/cycles/${id}/cancel`, {});
    expect(again.status).toBe(409);
    expect(problemIn(again)).toMatchObject({ code: 'cycle_already_ended' });
  });

  it('starts nothing while it is paused, and goes on when resumed', async () => {
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const callsBefore = model.calls;
    const id = await client.start({ ...SMALL, target: 'model', max_hypotheses: 3 });
    await until(
      () => Promise.resolve(model.calls),
      (calls) => calls > callsBefore,
    );
    expect((await client.api.post(`/research/cycles/${id}/pause`, {})).status).toBe(202);
    await until(
      () => client.cycle(id),
      ({ progress }) => progress.paused,
    );
    open();
    const resting = await until(
      () => client.cycle(id),
      ({ progress }) => progress.experiments_done === 1,
    );
    expect(resting.progress.experiments_total).toBe(3);
    const calls = model.calls;
    await sleep(1_000);
    expect(model.calls).toBe(calls);
    expect((await client.cycle(id)).progress).toMatchObject({
      state: 'running',
      paused: true,
      experiments_done: 1,
    });
    expect((await client.api.post(`/research/cycles/${id}/resume`, {})).status).toBe(202);
    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'completed', progress: { paused: false, experiments_done: 3 } });
  });

  it('is started once for one Idempotency-Key', async () => {
    const body = { ...SMALL, target: 'model' };
    const post = (each: object, key: string) =>
      client.api.post('/research/cycle', each, { 'idempotency-key': key });
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(body, 'ten at once')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202));
    const ids = new Set(answers.map(({ body: each }) => started.parse(each).id));
    expect(ids.size).toBe(1);
    const [id = ''] = ids;
    await client.ended(id);
    const repeated = await post(body, 'ten at once');
    expect(started.parse(repeated.body).id).toBe(id);
    const other = await post({ ...body, runs_per_experiment: 5 }, 'ten at once');
    expect(other.status).toBe(409);
    expect(problemIn(other)).toMatchObject({ code: 'idempotency_conflict' });
    const rows = await stack.query('SELECT id FROM research_cycles WHERE id = $1', [id]);
    expect(rows).toHaveLength(1);
    const [hypotheses] = await stack.query('SELECT count(*)::int AS n FROM hypotheses WHERE cycle_id = $1', [
      id,
    ]);
    expect(hypotheses).toEqual({ n: 1 });
  });

  it('streams its progress until the end', async () => {
    const id = await client.start({ ...SMALL, target: 'demo', max_hypotheses: 3, max_experiments: 2 });
    const response = await fetch(`${stack.url}/research/cycles/${id}/events`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = eventsIn(await response.text());
    expect(events.at(-1)).toMatchObject({
      event: 'end',
      data: { id, state: 'completed', phase: 'learning' },
    });
    expect(events.filter(({ event }) => event === 'end')).toHaveLength(1);
    const done = events.map(({ data }) => Number(data['runs_done']));
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect((await client.cycle(id)).progress).toMatchObject({ runs_done: done.at(-1) });
    const again = await fetch(`${stack.url}/research/cycles/${id}/events`, {
      headers: { 'last-event-id': events.at(-1)?.id ?? '' },
    });
    expect(again.status).toBe(204);
  });
});

function eventsIn(stream: string) {
  return stream
    .split('\n\n')
    .map(
      (block) =>
        new Map(block.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)])),
    )
    .filter((fields) => fields.has('event'))
    .map((fields) => ({
      event: fields.get('event'),
      id: fields.get('id'),
      data: z.record(z.string(), z.unknown()).parse(JSON.parse(fields.get('data') ?? '')),
    }));
}

/** Takes requests and never answers; knows how many wait. */
interface SilentServer {
  readonly url: string;
  readonly open: number;
  close(): Promise<void>;
}

async function startSilentServer(): Promise<SilentServer> {
  let open = 0;
  const server: Server = createServer((_request, response) => {
    open += 1;
    response.once('close', () => (open -= 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    get open() {
      return open;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
