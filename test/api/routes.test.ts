import { randomUUID } from 'node:crypto';
import { RESOURCES } from '../../src/ports/records';
import { RESOURCE_ROUTES } from '../../src/api/resources';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';
import { approvalRecord } from './records';

describe('routes', () => {
  let world: FakeWorld;
  let api: ApiClient;
  beforeEach(async () => {
    world = new FakeWorld();
    api = await ApiClient.start(world);
  });
  afterEach(() => api.close());

  it.each(RESOURCES)('lists %s page by page and shows each', async (resource) => {
    const { path } = RESOURCE_ROUTES[resource];
    const one = world.records.get(resource)?.[0];
    world.records.set(resource, [one ?? {}, { ...one, id: randomUUID() }, { ...one, id: randomUUID() }]);
    const first = await api.get(`${path}?limit=2`);
    expect(first).toMatchObject({
      status: 200,
      body: { items: [{ id: one?.['id'] }, {}], next_cursor: 'after:2' },
    });
    const second = await api.get(`${path}?limit=2&cursor=after:2`);
    expect(second).toMatchObject({ status: 200, body: { items: [{}], next_cursor: null } });
    expect(await api.get(`${path}/${String(one?.['id'])}`)).toMatchObject({ status: 200, body: one });
  });

  it('passes filters on and refuses those it does not know', async () => {
    expect((await api.get('/failures?severity=S3')).body).toMatchObject({ items: [{ severity: 'S3' }] });
    expect((await api.get('/failures?severity=S4')).body).toMatchObject({ items: [] });
    const refused = problemIn(await api.get('/failures?sverity=S4&limit=0&limit=5&cycle_id=7'));
    expect(refused.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/cycle_id',
      '/limit',
      '/sverity',
    ]);
    expect(problemIn(await api.get('/failures?cursor=made-up'))).toMatchObject({
      status: 422,
      code: 'invalid_cursor',
    });
  });

  it('finds a record whatever the case of its id', async () => {
    const id = world.firstId('failures');
    expect((await api.get(`/failures/${id.toUpperCase()}`)).status).toBe(200);
  });

  it('starts a cycle with every default and says where it is', async () => {
    const answer = await api.post('/research/cycle');
    expect(answer).toMatchObject({
      status: 202,
      body: { id: world.cycleId, workflow_id: `research-cycle-${world.cycleId}` },
    });
    const location = answer.headers.get('location') ?? '';
    expect(await api.get(location)).toMatchObject({
      status: 200,
      body: { id: world.cycleId, progress: { spent_usd: 1.5, held_usd: 0.25 }, result: null },
    });
    expect(world.started[0]?.request).toEqual({
      focus: null,
      target: 'demo',
      maxHypotheses: 5,
      maxExperiments: 3,
      runsPerExperiment: 5,
      replayPairs: 30,
      budgetMicroUsd: null,
    });
  });

  it('answers a repeat like the first and refuses the key for another request', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await api.post('/research/cycle', { focus: 'tools', budget_usd: 0.1 }, headers);
    const repeat = await api.post('/research/cycle', { focus: 'tools', budget_usd: 0.1 }, headers);
    expect(repeat).toMatchObject({ status: first.status, body: first.body });
    expect(repeat.headers.get('location')).toBe(first.headers.get('location'));
    expect(world.started).toHaveLength(1);
    const other = await api.post('/research/cycle', { focus: 'other' }, headers);
    expect(problemIn(other)).toMatchObject({ status: 409, code: 'idempotency_conflict' });
  });

  it('replays known failures as often as it takes, unless told otherwise', async () => {
    await api.post('/research/cycle', { regressions: true });
    await api.post('/research/cycle', { regressions: true, runs_per_experiment: 7 });
    await api.post('/research/cycle', { regressions: false });
    expect(world.started.map(({ request }) => [request.regressions, request.runsPerExperiment])).toEqual([
      [true, 100],
      [true, 7],
      [undefined, 5],
    ]);
    const focused = await api.post('/research/cycle', { regressions: true, focus: 'tools' });
    expect(problemIn(focused)).toMatchObject({ status: 422, errors: [{ pointer: '/focus' }] });
    expect(world.started).toHaveLength(3);
  });

  it('takes as many replay pairs as it takes', async () => {
    await api.post('/research/cycle', { replay_pairs: 'auto' });
    expect(world.started[0]?.request.replayPairs).toBe('auto');
  });

  it('waits as long as asked, at most ten minutes', async () => {
    const waits: number[] = [];
    world.waitForEnd = (timeoutMs) => {
      waits.push(timeoutMs);
      return Promise.resolve(false);
    };
    expect((await api.post('/research/cycle?wait=3')).status).toBe(202);
    expect((await api.post('/research/cycle?wait=86400')).status).toBe(202);
    const preferred = await api.post('/research/cycle', undefined, { prefer: 'respond-async, wait=7' });
    expect(preferred.status).toBe(202);
    expect(preferred.headers.get('preference-applied')).toBe('wait=7');
    await api.post('/research/cycle?wait=0');
    await api.post('/research/cycle', undefined, { prefer: 'wait=soon' });
    expect(waits).toEqual([3_000, 600_000, 7_000]);
  });

  it('answers the result of a cycle that ends within the wait', async () => {
    world.waitForEnd = () => Promise.resolve(true);
    world.progress = { ...world.progress, state: 'completed', phase: 'learning' };
    const answer = await api.post('/research/cycle?wait=5', {});
    expect(answer).toMatchObject({ status: 200, body: { success: true, failures_count: 1, error: null } });
    expect(await api.get(`/research/cycles/${world.cycleId}`)).toMatchObject({
      body: { result: { success: true } },
    });
  });

  it('never answers 200 with a failed cycle inside', async () => {
    world.waitForEnd = () => Promise.resolve(true);
    world.progress = { ...world.progress, state: 'failed' };
    const problem = problemIn(await api.post('/research/cycle?wait=5', {}));
    expect(problem).toMatchObject({ status: 500, code: 'cycle_failed', id: world.cycleId, success: false });
    expect(problem.detail).toContain('the researcher is out of reach');
  });

  it.each(['cancel', 'pause', 'resume'])('passes %s on to the cycle', async (verb) => {
    const steered: string[] = [];
    world.steer = (id) => void steered.push(id);
    const answer = await api.post(`/research/cycles/${world.cycleId}/${verb}`);
    expect(answer).toMatchObject({ status: 202, body: { id: world.cycleId, state: 'running' } });
    expect(steered).toEqual([world.cycleId]);
  });

  it('counts and lists everything that is pending, however much there is', async () => {
    const decided = { ...approvalRecord(randomUUID()), state: 'approved' };
    const pending = Array.from({ length: 450 }, () => approvalRecord(randomUUID()));
    world.records.set('approvals', [decided, ...pending]);
    const { body, status } = await api.get('/approvals/pending');
    expect(status).toBe(200);
    expect(body).toMatchObject({ count: 450 });
    expect(body).toHaveProperty('approvals.length', 450);
  });

  it('decides an approval once; a second decision is told the one that stands', async () => {
    const path = `/approvals/${world.approvalId}/decide`;
    const first = await api.post(
      path,
      { decision: 'approved', decided_by: 'ana', reason: 'fine' },
      { 'idempotency-key': 'd-1' },
    );
    const standing = { approval_id: world.approvalId, state: 'approved', decided_by: 'ana', via: 'update' };
    expect(first).toMatchObject({ status: 200, body: { ...standing, reason: 'fine' } });
    expect(world.decisions).toEqual([
      {
        key: 'd-1',
        decision: { approval_id: world.approvalId, decision: 'approved', decided_by: 'ana', reason: 'fine' },
      },
    ]);
    const second = await api.post(path, { decision: 'rejected', decided_by: 'bo' });
    expect(problemIn(second)).toMatchObject({
      status: 409,
      code: 'approval_already_decided',
      decision: standing,
    });
  });

  it('changes the mode, waits for a person, or says why not', async () => {
    const to = (target_mode: string) => api.post('/mode/transition', { target_mode, reason: 'it is time' });
    expect(problemIn(await to('production'))).toMatchObject({
      status: 409,
      code: 'transition_not_allowed',
      blocked_reason: 'lab leads to shadow, not to production',
    });
    expect(await to('shadow')).toMatchObject({
      status: 200,
      body: { success: true, from_mode: 'lab', to_mode: 'shadow' },
    });
    const waiting = await to('production');
    expect(waiting).toMatchObject({ status: 202, body: { success: false, approval_id: world.approvalId } });
    expect(waiting.headers.get('location')).toBe(`/approvals/${world.approvalId}`);
    expect((await to('lab')).status).toBe(200);
  });

  it('tells state, mode, metrics and its own document', async () => {
    expect(await api.get('/status')).toMatchObject({
      status: 200,
      body: { mode: 'lab', hypotheses_generated: 1, experiments_run: 2, has_llm: false, current_focus: null },
    });
    expect(await api.get('/mode')).toMatchObject({ status: 200, body: { mode: 'lab', version: 1 } });
    expect(await api.get('/policy')).toMatchObject({
      status: 200,
      body: {
        version: loadRiskPolicy(DEFAULT_POLICY).version,
        file: 'risk_policy.yaml',
        base_matrix: { production: { S0: 'review', S2: 'block' } },
        action_overrides: { DEPLOY_INTERVENTION: { production: 'block' } },
        cost_thresholds: { low_cost_max: 1, high_cost_min: 10 },
      },
    });
    const metrics = await api.get('/metrics');
    expect(metrics).toMatchObject({ status: 200, body: 'up 1\n' });
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await api.get('/openapi.json')).status).toBe(200);
  });

  it('gives every answer an id and safe headers, a log line and a sample by route template', async () => {
    const answer = await api.get(`/failures/${world.firstId('failures')}`, { 'x-request-id': 'mine-1' });
    expect(answer.headers.get('x-request-id')).toBe('mine-1');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await api.get('/nowhere', { 'x-request-id': 'not an id' });
    const routes = world.samples.map(({ method, route, status }) => `${method} ${route} ${status}`);
    expect(routes).toEqual(expect.arrayContaining(['GET /failures/:id 200', 'GET unmatched 404']));
    const line = world.logs.find(({ fields }) => fields['request_id'] === 'mine-1');
    expect(line).toMatchObject({
      level: 'info',
      message: 'request',
      fields: { status: 200, aborted: false },
    });
  });
});
