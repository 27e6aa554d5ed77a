import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

describe('/budget', () => {
  let world: FakeWorld;
  let api: ApiClient;
  beforeEach(async () => {
    world = new FakeWorld();
    api = await ApiClient.start(world);
  });
  afterEach(() => api.close());

  const shown = {
    limit_usd: 10,
    period: 'daily',
    period_start: '2026-11-23T00:00:00.000Z',
    period_end: '2026-11-24T00:00:00.000Z',
    settled_usd: 8.5,
    reserved_usd: 0.5,
    remaining_usd: 1,
    fraction_used: 0.9,
    hard_limit: true,
    warn_threshold: 0.8,
    warned_at: null,
    overrun: false,
  };

  it('shows every budget in force and what was spent on what', async () => {
    const { status, body } = await api.get('/budget');
    expect(status).toBe(200);
    expect(body).toEqual({
      scopes: [
        { ...shown, scope: 'global' },
        { ...shown, scope: 'target:shop' },
      ],
      summary: {
        period_start: '2026-11-23T00:00:00.000Z',
        by_model: { 'demo-1': 8.5 },
        by_source: { target: 8.5 },
        by_operation: { run: 6, replay: 2.5 },
        by_cycle: {},
        unknown_usd: 0.25,
      },
    });
  });

  it('starts the period of the global budget anew, or that of another scope, in the name of who asks', async () => {
    const answer = await api.post('/budget/reset', { reason: 'approved' });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        before: { scope: 'global', settled_usd: 8.5, period_start: '2026-11-23T00:00:00.000Z' },
        after: {
          scope: 'global',
          settled_usd: 0,
          period_start: '2026-11-23T05:00:00.000Z',
          remaining_usd: 10,
        },
      },
    });
    expect((await api.post('/budget/reset', { scope: 'target:shop', reason: 'r' })).status).toBe(200);
    expect(world.budgets.resets).toEqual([
      { scope: 'global', by: 'anonymous', reason: 'approved' },
      { scope: 'target:shop', by: 'anonymous', reason: 'r' },
    ]);
  });

  it('refuses a scope that nobody configured, and a reset without a reason', async () => {
    const unknown = problemIn(await api.post('/budget/reset', { scope: 'cycle:1', reason: 'r' }));
    expect(unknown).toMatchObject({ status: 404, code: 'not_found', scopes: ['global', 'target:shop'] });
    const refused = problemIn(await api.post('/budget/reset', {}));
    expect(refused).toMatchObject({ status: 422, errors: [{ pointer: '/reason' }] });
    expect(world.budgets.resets).toEqual([]);
  });
});
