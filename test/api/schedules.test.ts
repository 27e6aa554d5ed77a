import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

const NIGHTLY = {
  id: 'nightly',
  cron: '0 3 * * *',
  timezone: 'Europe/Berlin',
  budget: { limit_usd: 5, period: 'daily' },
  cycle: { focus: 'tools', budget_usd: 2 },
};

describe('/schedules', () => {
  let world: FakeWorld;
  let api: ApiClient;
  beforeEach(async () => {
    world = new FakeWorld();
    api = await ApiClient.start(world);
  });
  afterEach(() => api.close());

  it('makes a schedule with every default, which is then listed and shown', async () => {
    const made = await api.post('/schedules', NIGHTLY);
    expect(made).toMatchObject({ status: 201, body: { overlap: 'skip', jitter_seconds: 0, paused: false } });
    expect(made.headers.get('location')).toBe('/schedules/nightly');
    expect(await api.get('/schedules')).toMatchObject({ status: 200, body: { items: [made.body] } });
    expect(await api.get('/schedules/nightly')).toMatchObject({
      status: 200,
      body: {
        cron: '0 3 * * *',
        every_seconds: null,
        created_by: 'anonymous',
        cycle: { focus: 'tools', target: 'demo', budget_usd: 2, max_hypotheses: 5 },
        budget: { limit_usd: 5, period: 'daily' },
        skipped_overlap: 2,
        runs: [{ cycle_id: null, skip_reason: 'the budget schedule:nightly has $0 left' }],
      },
    });
  });

  it('pauses, resumes, triggers and ends it, in the name of who asks', async () => {
    await api.post('/schedules', { id: 'often', every_seconds: 60 });
    expect(await api.post('/schedules/often/pause', { reason: 'a release' })).toMatchObject({
      status: 200,
      body: { paused: true, note: 'a release' },
    });
    expect(await api.post('/schedules/often/resume')).toMatchObject({ status: 200, body: { paused: false } });
    expect(await api.post('/schedules/often/trigger')).toMatchObject({ status: 202, body: { id: 'often' } });
    expect((await api.call('DELETE', '/schedules/often', {})).status).toBe(204);
    const gone = await api.call('DELETE', '/schedules/often', {});
    expect(problemIn(gone)).toMatchObject({ status: 404, code: 'not_found' });
    const verbs = ['create', 'pause', 'resume', 'trigger', 'remove'];
    expect(world.schedules.done).toEqual(verbs.map((verb) => [verb, 'often', 'anonymous']));
  });

  it.each<readonly [string, object, string]>([
    ['neither cron nor interval', { id: 'x' }, '/cron'],
    ['both', { id: 'x', cron: '@daily', every_seconds: 5 }, '/cron'],
    ['an id that is no name', { id: 'No Name', every_seconds: 5 }, '/id'],
    ['no interval', { id: 'x', every_seconds: 0 }, '/every_seconds'],
    ['an unknown overlap policy', { id: 'x', every_seconds: 5, overlap: 'whatever' }, '/overlap'],
    ['an unknown period', { ...NIGHTLY, budget: { limit_usd: 5, period: 'session' } }, '/budget/period'],
    ['a budget over cycles without one', { ...NIGHTLY, cycle: {} }, '/cycle/budget_usd'],
    ['cycles above the budget', { ...NIGHTLY, cycle: { budget_usd: 6 } }, '/cycle/budget_usd'],
    [
      'a cycle that is none',
      { id: 'x', every_seconds: 5, cycle: { max_hypotheses: 0 } },
      '/cycle/max_hypotheses',
    ],
  ])('refuses %s', async (_what, body, pointer) => {
    const problem = problemIn(await api.post('/schedules', body));
    expect(problem).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ pointer }] });
    expect(world.schedules.done).toEqual([]);
  });

  it('have their budgets reset like others', async () => {
    await api.post('/schedules', NIGHTLY);
    await api.post('/schedules', { id: 'free', every_seconds: 60 });
    const reset = (id: string) =>
      api.post('/budget/reset', { scope: `schedule:${id}`, reason: 'a new start' });
    expect(await reset('nightly')).toMatchObject({
      status: 200,
      body: { after: { scope: 'schedule:nightly', limit_usd: 5, period: 'daily', hard_limit: true } },
    });
    for (const id of ['free', 'none']) expect(problemIn(await reset(id)).status).toBe(404);
    expect(world.budgets.resets.map(({ scope }) => scope)).toEqual(['schedule:nightly']);
  });

  it('passes on what Temporal refuses, and that an id is taken', async () => {
    const bad = await api.post('/schedules', { ...NIGHTLY, cron: 'bad' });
    expect(problemIn(bad)).toMatchObject({ status: 422, code: 'invalid_schedule' });
    await api.post('/schedules', NIGHTLY);
    const twice = await api.post('/schedules', NIGHTLY);
    expect(problemIn(twice)).toMatchObject({ status: 409, code: 'state_conflict' });
  });
});
