import { DOMAIN_ERROR_CODES, DomainError } from '../../src/domain/errors';
import { toProblem } from '../../src/api/problem';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

describe('problems', () => {
  let world: FakeWorld;
  let api: ApiClient;
  beforeEach(async () => {
    world = new FakeWorld();
    api = await ApiClient.start(world);
  });
  afterEach(() => api.close());

  it.each(DOMAIN_ERROR_CODES)('%s reaches the caller with its code, text and details', async (code) => {
    world.databaseError = new DomainError(code, 'what is wrong', {
      subjectId: 'x-1',
      list: [{ innerKey: 1 }],
    });
    const answer = await api.get('/mode');
    expect(problemIn(answer)).toMatchObject({
      type: `urn:tinman:problem:${code}`,
      code,
      detail: 'what is wrong',
      subject_id: 'x-1',
      list: [{ inner_key: 1 }],
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.has('retry-after')).toBe(answer.status === 503);
  });

  it('maps the codes that the specification names', () => {
    const statusOf = (code: (typeof DOMAIN_ERROR_CODES)[number]) =>
      toProblem(new DomainError(code, ''))?.status;
    expect(statusOf('budget_exceeded')).toBe(402);
    expect(statusOf('approval_not_found')).toBe(404);
    expect(statusOf('transition_not_allowed')).toBe(409);
    expect(statusOf('not_ready')).toBe(503);
  });

  it.each([
    Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    Object.assign(new Error('unreachable'), { code: 'P1001' }),
    Object.assign(new Error('14 UNAVAILABLE'), { code: 14 }),
    new Error('query failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) }),
  ])('a dependency out of reach is 503 with Retry-After: %s', async (error) => {
    world.databaseError = error;
    const answer = await api.get('/failures');
    expect(problemIn(answer)).toMatchObject({ status: 503, code: 'not_ready' });
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(JSON.stringify(answer.body)).not.toContain(error.message);
  });

  it('asks the dependencies about an error that names no outage', async () => {
    world.databaseError = new Error('Connection terminated unexpectedly');
    expect((await api.get('/failures')).status).toBe(500);
    world.probes.database = { ok: false };
    expect((await api.get('/failures')).status).toBe(503);
    world.probes = { ...world.probes, database: { ok: true }, temporal: { ok: false } };
    expect((await api.get('/failures')).status).toBe(503);
  });

  it('tells nothing of an internal error, and logs all of it under the id in the answer', async () => {
    world.databaseError = new TypeError('password=hunter2 is not a function');
    const answer = await api.get('/status');
    const problem = problemIn(answer);
    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    const line = world.logs.find(({ message }) => message === 'request failed');
    expect(line).toMatchObject({
      level: 'error',
      fields: { request_id: problem.request_id, err: world.databaseError },
    });
  });
});
