import { z } from 'zod';
import { sealedAuditLog } from '../support/audit-verification';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, type Result } from './research-client';
import { isQuotedIn } from './quotes';

jest.setTimeout(60_000);

const RESOURCES = ['hypotheses', 'experiments', 'failures', 'interventions', 'simulations'] as const;
const REQUEST = { max_hypotheses: 6, max_experiments: 2, runs_per_experiment: 5, replay_pairs: 10 };

describe('a cycle on the demo application, without a model', () => {
  let stack: Stack;
  let client: ResearchClient;
  let result: Result;

  beforeAll(async () => {
    stack = await startStack();
    client = await ResearchClient.at(stack.url);
    result = await client.run(REQUEST);
  }, 120_000);
  afterAll(() => stack.stop());

  const count = async (from: string): Promise<number> => {
    const [row] = await stack.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`);
    return row?.n ?? -1;
  };

  it('answers with what it found', () => {
    expect(result).toMatchObject({ state: 'completed', phase: 'learning', success: true, error: null });
    expect(result.hypotheses).toHaveLength(6);
    expect(new Set(result.hypotheses.map((each) => each.failure_class)).size).toBe(5);
    expect(result.failures_count).toBeGreaterThanOrEqual(4);
    expect(result.interventions_count).toBeGreaterThanOrEqual(result.failures_count);
    for (const failure of result.failures) {
      expect(failure).toMatchObject({ novelty: 'new', state: 'open', previous_failure_id: null });
      expect(failure.reproducibility.count).toBeGreaterThan(0);
      expect(failure.reproducibility.low).toBeLessThanOrEqual(failure.reproducibility.value ?? -1);
      expect(failure.reproducibility.high).toBeGreaterThanOrEqual(failure.reproducibility.value ?? 2);
    }
  });

  it('has each record of every phase once, the same in result, lists and database', async () => {
    for (const resource of RESOURCES) {
      const listed = (await client.list(`/${resource}?cycle_id=${result.id}`)).map(({ id }) => id);
      expect(new Set(listed).size).toBe(listed.length);
      expect(await count(resource)).toBe(listed.length);
      if (resource === 'simulations') continue;
      expect(result[`${resource}_count`]).toBe(listed.length);
      expect(result[resource].map(({ id }) => id).toSorted()).toEqual(listed.toSorted());
    }
    expect(await count('research_cycles')).toBe(1);
    const requested = result.experiments.reduce((sum, { runs_requested }) => sum + runs_requested, 0);
    expect(await count('experiment_runs')).toBe(requested);
    for (const { state, outcomes, failure_rate: rate } of result.experiments) {
      expect(state).toBe('done');
      expect(outcomes).toMatchObject({ unassessed: 0 });
      expect(rate).toMatchObject({ count: outcomes.failed, n: outcomes.failed + outcomes.held });
    }
  });

  it('replays every intervention that can be applied, in three lanes', async () => {
    const applicable = result.interventions.filter(({ type }) => type !== 'architectural_recommendation');
    const simulations = z
      .array(
        z.looseObject({
          id: z.string(),
          state: z.string(),
          verdict: z.string().nullable(),
          intervention_id: z.string(),
        }),
      )
      .parse(await client.list('/simulations'));
    expect(simulations.map((each) => each.intervention_id).toSorted()).toEqual(
      applicable.map(({ id }) => id).toSorted(),
    );
    expect(simulations.every(({ state, verdict }) => state === 'done' && verdict !== null)).toBe(true);
    expect(simulations.some(({ verdict }) => verdict === 'improved')).toBe(true);
    const lane = z.looseObject({ outcome: z.string() });
    const pair = z.object({
      control: z.boolean(),
      pair: z.number(),
      observed: lane.nullable(),
      baseline: lane,
      candidate: lane,
    });
    const detail = z.looseObject({ pairs: z.array(pair) });
    const { pairs } = detail.parse(await client.get(`/simulations/${simulations[0]?.id}`));
    const failing = pairs.filter(({ control }) => !control);
    expect(failing).toHaveLength(REQUEST.replay_pairs);
    expect(failing.every(({ observed }) => observed?.outcome === 'failed')).toBe(true);
    expect(pairs.some(({ control }) => control)).toBe(true);
  });

  it('quotes evidence that stands in the transcripts', async () => {
    let quotes = 0;
    for (const { id } of result.experiments) {
      const { runs } = await client.experiment(id);
      for (const run of runs) {
        expect(run.transcript.messages.at(-1)?.role).not.toBe('user');
        expect(run.transcript.calls.length).toBeGreaterThan(0);
        expect(run.outcome === 'failed' && run.evidence.length === 0).toBe(false);
        for (const evidence of run.evidence) {
          expect({ evidence, found: isQuotedIn(run, evidence) }).toEqual({ evidence, found: true });
          quotes += 1;
        }
      }
    }
    expect(quotes).toBeGreaterThan(10);
    for (const { root_cause, evidence, severity_reason } of result.failures) {
      expect(evidence.length).toBeGreaterThan(0);
      expect(root_cause).not.toBe('');
      expect(severity_reason).not.toBe('');
    }
  });

  it('remembers all of it in the graph', async () => {
    const nodes = await stack.query<{ kind: string; n: number }>(
      'SELECT kind, count(*)::int AS n FROM memory_nodes GROUP BY kind',
    );
    const failedRuns = await count(`experiment_runs WHERE outcome = 'failed'`);
    expect(Object.fromEntries(nodes.map(({ kind, n }) => [kind, n]))).toEqual({
      model_version: 1,
      hypothesis: result.hypotheses_count,
      experiment: result.experiments_count,
      run: failedRuns,
      failure_mode: result.failures_count,
      intervention: result.interventions_count,
      simulation: await count('simulations'),
    });
    const edges = await stack.query<{ kind: string; n: number }>(
      'SELECT kind, count(*)::int AS n FROM memory_edges GROUP BY kind',
    );
    expect(Object.fromEntries(edges.map(({ kind, n }) => [kind, n]))).toEqual({
      tested_in: result.experiments_count,
      executed_as: failedRuns,
      observed_in: failedRuns,
      caused_by: result.failures_count,
      addressed_by: result.interventions_count,
      simulated_by: await count('simulations'),
    });
  });

  it('leaves a settled ledger', async () => {
    const plays =
      (await count('experiment_runs')) + (await count('replay_runs')) + (await count('follow_up_runs'));
    // A guardrail on the input may leave nothing to ask the target.
    const unspoken = await count(`replay_runs WHERE jsonb_array_length(transcript -> 'calls') = 0`);
    expect(await count('cost_ledger')).toBe(plays);
    expect(await count(`cost_ledger WHERE state = 'settled'`)).toBe(plays - unspoken);
    expect(await count(`cost_ledger WHERE state = 'released'`)).toBe(unspoken);
    const unsettled = `budget_periods WHERE reserved_micro_usd <> 0 OR overrun`;
    expect(await count(unsettled)).toBe(0);
    const [sums] = await stack.query(`SELECT
      (SELECT sum(settled_micro_usd) FROM cost_ledger)::int AS entries,
      (SELECT sum(p.settled_micro_usd) FROM budget_periods p JOIN budgets b ON b.id = p.budget_id
        WHERE b.scope = 'global')::int AS global,
      (SELECT sum(cost_micro_usd) FROM (SELECT cost_micro_usd FROM experiment_runs
        UNION ALL SELECT cost_micro_usd FROM replay_runs UNION ALL SELECT cost_micro_usd FROM follow_up_runs)
        AS bills)::int AS bills`);
    expect(sums).toEqual({ entries: 0, global: 0, bills: 0 });
  });

  it('writes down every step in an audit log whose chain verifies', async () => {
    const types = await stack.query<{ event_type: string; n: number }>(
      'SELECT event_type, count(*)::int AS n FROM audit_logs GROUP BY event_type',
    );
    const events = Object.fromEntries(types.map(({ event_type, n }) => [event_type, n]));
    expect(events).toMatchObject({
      cycle_ended: 1,
      action_assessed: result.experiments_count + (await count('simulations')) + (await count('follow_ups')),
      follow_up_finished: result.failures_count,
    });
    expect(await sealedAuditLog(stack)).toMatchObject({
      ok: true,
      unsealed: { count: 0 },
      head: { seq: await count('audit_logs') },
    });
  });

  it('tells its state and health', async () => {
    expect(await client.get('/status')).toMatchObject({
      mode: 'lab',
      hypotheses_generated: result.hypotheses_count,
      experiments_run: result.experiments_count,
      failures_discovered: result.failures_count,
      interventions_proposed: result.interventions_count,
      current_focus: null,
      pending_approvals: 0,
      active_cycles: 0,
      has_llm: false,
    });
    expect(await client.get('/health')).toMatchObject({
      status: 'healthy',
      mode: 'lab',
      database_connected: true,
      llm_available: false,
      checks: { tinman_initialized: true, database_connected: true, temporal_connected: true },
    });
    expect(await client.get('/ready')).toEqual({ ready: true });
    expect(await client.get('/live')).toEqual({ status: 'alive' });
    expect(await client.get('/mode')).toMatchObject({ mode: 'lab', version: 1, waiting: null });
  });

  it.each(['the API', 'the worker'])('counts the same failures in the metrics of %s', async (process) => {
    const url = process === 'the API' ? stack.url : stack.workerMetricsUrls[0];
    const page = await (await fetch(`${url}/metrics`)).text();
    const counted = page
      .split('\n')
      .map((line) => /^tinman_failures_discovered_total\{severity="(.+)",class="(.+)"\} (\d+)$/.exec(line))
      .flatMap((match) => (match === null || match[3] === '0' ? [] : [match.slice(1).join(' ')]));
    const expected = new Map<string, number>();
    for (const { severity, failure_class: name } of result.failures) {
      expected.set(`${severity} ${name}`, (expected.get(`${severity} ${name}`) ?? 0) + 1);
    }
    expect(counted.toSorted()).toEqual([...expected].map(([key, n]) => `${key} ${n}`).toSorted());
    expect(page).toContain('tinman_research_cycles_total{state="completed"} 1');
    expect(page).toContain('tinman_current_mode{mode="lab"} 1');
  });

  it('lists every resource in pages and by filters', async () => {
    for (const resource of RESOURCES) {
      const whole = await client.list(`/${resource}`);
      const paged = await client.list(`/${resource}`, 2);
      expect(paged.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    }
    const [sample] = result.failures;
    for (const name of [
      'severity',
      'failure_class',
      'failure_type',
      'novelty',
      'trigger_signature',
    ] as const) {
      const wanted = sample?.[name] ?? '';
      const listed = await client.list(`/failures?${name}=${encodeURIComponent(wanted)}`);
      const expected = result.failures.filter((each) => each[name] === wanted);
      expect(listed.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
    }
    expect(await client.list('/failures?severity=S0&novelty=regressed')).toEqual([]);
    expect((await client.api.get('/failures?severty=S0')).status).toBe(422);
    expect((await client.list('/research/cycles?state=completed')).map(({ id }) => id)).toEqual([result.id]);
    expect(await client.list('/approvals')).toEqual([]);
  });

  it('is found again under its Location, with the same result', async () => {
    const { id: _id, ...detail } = await client.cycle(result.id);
    expect(detail.result).toEqual(result);
    expect(detail.progress).toMatchObject({
      state: 'completed',
      experiments_done: result.experiments_count,
      experiments_total: result.experiments_count,
      failures: result.failures_count,
      spent_usd: 0,
      held_usd: 0,
    });
  });

  it('replays as many pairs as it takes when asked to, and says why so many', async () => {
    const request = { max_hypotheses: 1, max_experiments: 1, runs_per_experiment: 5, replay_pairs: 'auto' };
    const { id } = await client.run({ ...request, focus: 'logic_error' });
    const Plan = z.object({
      ...{ pairs: z.number(), chosen_by: z.string(), candidates: z.number(), level: z.number() },
      ...{ assumed_rate: z.number(), power: z.number() },
    });
    const Sized = z.looseObject({
      pairs_requested: z.number(),
      plan: Plan,
      result: z.looseObject({ candidates: z.number(), level: z.number() }),
      pairs: z.array(z.looseObject({ control: z.boolean() })),
    });
    const listed = await client.list(`/simulations?cycle_id=${id}`);
    expect(listed.length).toBeGreaterThan(1);
    for (const { id: simulation } of listed) {
      const { plan, ...sized } = Sized.parse(await client.get(`/simulations/${simulation}`));
      expect(plan).toMatchObject({
        chosen_by: 'power',
        pairs: sized.pairs_requested,
        candidates: listed.length,
      });
      expect(plan.power).toBeGreaterThanOrEqual(0.9);
      expect(sized.result).toMatchObject({ candidates: listed.length, level: 0.05 / listed.length });
      expect(sized.pairs.filter(({ control }) => !control)).toHaveLength(plan.pairs);
    }
  });
});
