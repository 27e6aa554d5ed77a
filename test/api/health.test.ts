import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

const DOWN = { ok: false, detail: 'connection refused' };

describe('health', () => {
  let world: FakeWorld;
  let api: ApiClient;
  const start = async (change: (world: FakeWorld) => void) => {
    change(world);
    api = await ApiClient.start(world);
  };
  beforeEach(() => void (world = new FakeWorld()));
  afterEach(() => api.close());

  it('is healthy without a model when none is configured, and has the fields of the guide', async () => {
    await start(() => {});
    const { status, body } = await api.get('/health');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        status: 'healthy',
        version: '0.1.0',
        mode: 'lab',
        database_connected: true,
        llm_available: false,
        uptime_seconds: 5,
        checks: {
          tinman_initialized: true,
          database_connected: true,
          llm_available: false,
          temporal_connected: true,
        },
      },
    });
    expect(world.probeCounts.llm).toBe(0);
  });

  it('is degraded when the configured model does not answer', async () => {
    await start((w) => {
      w.llmConfigured = true;
      w.probes.llm = DOWN;
    });
    expect(await api.get('/health')).toMatchObject({
      status: 200,
      body: { status: 'degraded', llm_available: false },
    });
  });

  it('is degraded without Temporal', async () => {
    await start((w) => (w.probes.temporal = DOWN));
    expect(await api.get('/health')).toMatchObject({ status: 200, body: { status: 'degraded' } });
  });

  it('is unhealthy with 503 without the database', async () => {
    await start((w) => {
      w.probes.database = DOWN;
      w.databaseError = new Error('connection refused');
    });
    expect(await api.get('/health')).toMatchObject({
      status: 503,
      body: { status: 'unhealthy', mode: null, database_connected: false },
    });
  });

  it('asks the dependencies once for many callers, and the model once a minute', async () => {
    await start((w) => (w.llmConfigured = true));
    await Promise.all(Array.from({ length: 20 }, () => api.get('/health')));
    expect(world.probeCounts).toEqual({ database: 1, temporal: 1, migrations: 1, llm: 1 });
  });

  it.each(['database', 'temporal', 'migrations'] as const)('is not ready without %s', async (name) => {
    await start((w) => (w.probes[name] = DOWN));
    const answer = await api.get('/ready');
    const problem = problemIn(answer);
    expect(problem).toMatchObject({
      status: 503,
      code: 'not_ready',
      checks: { [name]: false, draining: false },
    });
    expect(problem.detail).toBe(`${name}: connection refused`);
    expect(answer.headers.get('retry-after')).toBe('2');
  });

  it('is ready with everything, until it drains', async () => {
    await start(() => {});
    expect(await api.get('/ready')).toMatchObject({ status: 200, body: { ready: true } });
    world.isDraining = true;
    expect(problemIn(await api.get('/ready'))).toMatchObject({ status: 503, checks: { draining: true } });
    expect(problemIn(await api.post('/research/cycle'))).toMatchObject({ status: 503 });
    expect(world.started).toHaveLength(0);
  });

  it('is alive whatever else is down, and asks nobody', async () => {
    await start((w) => (w.databaseError = new Error('down')));
    expect(await api.get('/live')).toMatchObject({ status: 200, body: { status: 'alive' } });
    expect(world.probeCounts).toEqual({ database: 0, temporal: 0, migrations: 0, llm: 0 });
  });
});
