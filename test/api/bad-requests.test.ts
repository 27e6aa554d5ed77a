import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

/** Every endpoint by what its requests have; the last test checks that none is missing. */
const FIXED = [
  '/health',
  '/ready',
  '/live',
  '/status',
  '/mode',
  '/policy',
  '/report',
  '/budget',
  '/metrics',
  '/openapi.json',
  '/approvals/pending',
  '/interventions/active',
  '/audit',
  '/tools',
  '/traces',
  '/memory/search',
  '/memory/beliefs',
];
const LISTS = [
  '/research/cycles',
  '/hypotheses',
  '/experiments',
  '/failures',
  '/interventions',
  '/simulations',
  '/deployments',
  '/approvals',
  '/tools/executions',
];
const RECORDS = [
  ...LISTS.map((path) => `${path}/{id}`),
  '/research/cycles/{id}/events',
  '/memory/nodes/{id}',
  '/memory/nodes/{id}/neighbours',
  '/memory/failures/{id}/lineage',
  '/memory/failures/{id}/evolution',
];
/** Bodies that are no JSON of a schema: test/e2e/traces has what they refuse. */
const UPLOADS = ['/v1/traces', '/traces/ingest'];
const TRACES = ['/traces/{id}', '/traces/uploads/{id}'];
const POSTS_BY_ID = ['cancel', 'pause', 'resume'].map((verb) => `/research/cycles/{id}/${verb}`);
const POSTS = [
  '/research/cycle',
  '/mode/transition',
  '/approvals/{id}/decide',
  '/budget/reset',
  '/interventions/{id}/deploy',
  '/interventions/{id}/rollback',
  '/failures/{id}/resolve',
  '/failures/{id}/reopen',
  '/tools/{name}/execute',
  '/tools/executions/{id}/rollback',
  '/discuss',
  '/discuss/reset',
  ...POSTS_BY_ID,
  ...['pause', 'resume', 'trigger'].map((verb) => `/schedules/{id}/${verb}`),
];
/** Paths with more than one method. */
const SEVERAL: Readonly<Record<string, readonly string[]>> = {
  '/schedules': ['GET', 'POST'],
  '/schedules/{id}': ['GET', 'DELETE'],
};
const BODIES = [...POSTS, '/schedules'];

describe('bad requests', () => {
  const world = new FakeWorld();
  let api: ApiClient;
  beforeAll(async () => void (api = await ApiClient.start(world)));
  afterAll(() => api.close());
  const known = (path: string) =>
    path
      .replace('{name}', 'look')
      .replace('{id}', path.startsWith('/approvals') ? world.approvalId : world.cycleId);

  it.each(BODIES)('POST %s: malformed JSON is 400', async (path) => {
    for (const body of [
      '{"focus": ',
      '{focus: 1}',
      '{} {}',
      '[',
      '\u0000',
      '{"__proto__": {"admin": true}}',
    ]) {
      expect(problemIn(await api.post(known(path), body))).toMatchObject({
        status: 400,
        code: 'malformed_json',
      });
    }
  });

  it.each(BODIES)('POST %s: anything but an object is 422 at the root', async (path) => {
    for (const body of ['[]', '"text"', '5', 'null', 'true']) {
      const { errors, ...problem } = problemIn(await api.post(known(path), body));
      expect(problem).toMatchObject({ status: 422, code: 'invalid_request' });
      expect(errors).toMatchObject([{ in: 'body', pointer: '' }]);
    }
  });

  it.each(BODIES)('POST %s: unknown fields are refused, each by its pointer', async (path) => {
    const answer = await api.post(known(path), { 'a/b~c': 1, max_hypothesis: 2 });
    const pointers = problemIn(answer).errors?.map(({ pointer }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/a~1b~0c', '/max_hypothesis']));
  });

  it.each(BODIES)('POST %s: another content type is 415', async (path) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', '']) {
      const answer = await api.post(known(path), '{}', { 'content-type': type });
      expect(problemIn(answer)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    }
    const packed = await api.post(known(path), '{}', { 'content-encoding': 'snappy' });
    expect(problemIn(packed).status).toBe(415);
  });

  it.each(BODIES)('POST %s: a body over 1 MB is 413, announced, in chunks or compressed', async (path) => {
    const huge = JSON.stringify({ focus: 'x'.repeat(1_100_000) });
    expect(problemIn(await api.post(known(path), huge))).toMatchObject({
      status: 413,
      code: 'body_too_large',
    });
    expect(await sendInChunks(`${api.url}${known(path)}`, huge)).toBe(413);
    const bomb = await api.call('POST', known(path), {
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(huge),
    });
    expect(problemIn(bomb).status).toBe(413);
  });

  it('reads a compressed body of a sensible size', async () => {
    const answer = await api.call('POST', '/research/cycle', {
      headers: { 'content-type': 'application/json; charset=utf-8', 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify({ focus: 'gzip' })),
    });
    expect(answer.status).toBe(202);
  });

  it.each([...FIXED, ...LISTS, ...RECORDS])('GET %s: a huge body is refused, read or not', async (path) => {
    expect(await announceBody(`${api.url}${known(path)}`, 'GET', 5_000_000)).toBe(413);
  });

  it.each([...RECORDS, ...POSTS_BY_ID, '/approvals/{id}/decide'])(
    '%s: an unknown id is 404',
    async (path) => {
      const to = path.replace('{id}', randomUUID());
      const decision = { decision: 'approved', decided_by: 'ana' };
      const answer = POSTS.includes(path)
        ? await api.post(to, path.endsWith('decide') ? decision : {})
        : await api.get(to);
      const { status, code } = problemIn(answer);
      expect(status).toBe(404);
      expect(code).toMatch(/not_found$/);
    },
  );

  it.each([...RECORDS, ...POSTS_BY_ID, '/approvals/{id}/decide'])(
    '%s: what is no id is 422',
    async (path) => {
      for (const id of ['7', 'not-an-id', '%00', '1;drop', 'ffffffff-ffff-ffff-ffff-fffffffffffg']) {
        const to = path.replace('{id}', id);
        const answer = POSTS.includes(path) ? await api.post(to, {}) : await api.get(to);
        const problem = problemIn(answer);
        expect(problem).toMatchObject({ status: 422, code: 'invalid_request' });
        expect(problem.errors).toContainEqual(expect.objectContaining({ in: 'path', pointer: '/id' }));
      }
    },
  );

  it.each([...FIXED, ...LISTS, ...RECORDS])('%s takes GET only', async (path) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await api.call(method, known(path), {});
      expect(problemIn(answer)).toMatchObject({ status: 405, code: 'method_not_allowed' });
      expect(answer.headers.get('allow')).toBe('HEAD, GET');
    }
  });

  it.each(POSTS)('%s takes POST only', async (path) => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const answer = await api.call(method, known(path), {});
      expect(problemIn(answer)).toMatchObject({ status: 405 });
      expect(answer.headers.get('allow')).toBe('POST');
    }
  });

  it.each(Object.entries(SEVERAL))('%s takes %j only', async (path, methods) => {
    const answer = await api.call('PUT', known(path), {});
    expect(problemIn(answer)).toMatchObject({ status: 405 });
    expect(answer.headers.get('allow')?.split(', ').toSorted()).toEqual(['HEAD', ...methods].toSorted());
  });

  it.each(['GET', 'DELETE'])(
    '%s of a schedule by what is no id is 422, by an unknown one 404',
    async (method) => {
      const wrong = await api.call(method, '/schedules/No.Id', {});
      expect(problemIn(wrong).errors).toMatchObject([{ in: 'path', pointer: '/id' }]);
      expect(problemIn(await api.call(method, '/schedules/unknown', {})).status).toBe(404);
    },
  );

  it('knows no other paths', async () => {
    for (const path of ['/', '/research', '/research/cycle/x/y', '/%E0%A4%A', '//health']) {
      expect([404, 405]).toContain(problemIn(await api.get(path)).status);
    }
  });

  it.each<[string, unknown, string]>([
    ['max_hypotheses', 0, '/max_hypotheses'],
    ['max_hypotheses', 51, '/max_hypotheses'],
    ['max_hypotheses', 2.5, '/max_hypotheses'],
    ['max_hypotheses', '5', '/max_hypotheses'],
    ['max_experiments', 21, '/max_experiments'],
    ['runs_per_experiment', 101, '/runs_per_experiment'],
    ['replay_pairs', 4, '/replay_pairs'],
    ['replay_pairs', 501, '/replay_pairs'],
    ['replay_pairs', 'all', '/replay_pairs'],
    ['budget_usd', -0.01, '/budget_usd'],
    ['budget_usd', 1e300, '/budget_usd'],
    ['focus', 7, '/focus'],
    ['focus', 'x'.repeat(2_001), '/focus'],
    ['focus', 'nul \u0000', '/focus'],
    ['focus', 'half \ud800', '/focus'],
    ['target', '', '/target'],
    ['target', null, '/target'],
  ])('a cycle request with %s = %j is 422 there', async (field, value, pointer) => {
    const before = world.started.length;
    const problem = problemIn(await api.post('/research/cycle', { [field]: value }));
    expect(problem.errors).toMatchObject([{ in: 'body', pointer }]);
    expect(problem.detail).toContain(pointer);
    expect(world.started).toHaveLength(before);
  });

  it('names every mistake of a request at once', async () => {
    const answer = await api.post(
      '/research/cycle?wait=-1',
      { focus: 1, extra: 2 },
      { 'idempotency-key': 'é' },
    );
    const places = problemIn(answer).errors?.map((each) => `${each.in}${each.pointer}`);
    expect(places?.toSorted()).toEqual(['body/extra', 'body/focus', 'header/idempotency-key', 'query/wait']);
  });

  it('refuses what the page of another site sends', async () => {
    const before = world.started.length;
    for (const origin of ['https://elsewhere.example', 'null', 'http://127.0.0.1:1']) {
      const problem = problemIn(await api.post('/research/cycle', undefined, { origin }));
      expect(problem).toMatchObject({ status: 403, code: 'cross_origin' });
    }
    expect(world.started).toHaveLength(before);
    expect((await api.post('/research/cycle', undefined, { origin: api.url })).status).toBe(202);
  });

  it('refuses a target that is not configured', async () => {
    const problem = problemIn(await api.post('/research/cycle', { target: 'nobody' }));
    expect(problem).toMatchObject({ status: 422, code: 'unknown_target', targets: ['demo'] });
  });

  it.each([
    [{ decision: 'maybe', decided_by: 'ana' }, '/decision'],
    [{ decision: 'approved' }, '/decided_by'],
    [{ decision: 'approved', decided_by: '' }, '/decided_by'],
    [{ decision: 'approved', decided_by: 'ana', reason: 'x'.repeat(2_001) }, '/reason'],
  ])('a decision %j is 422 at %s', async (body, pointer) => {
    const problem = problemIn(await api.post(`/approvals/${world.approvalId}/decide`, body));
    expect(problem.errors).toMatchObject([{ in: 'body', pointer }]);
    expect(world.decisions).toHaveLength(0);
  });

  it('covers every endpoint of the document', () => {
    const tested = [...FIXED, ...LISTS, ...RECORDS, ...TRACES].map((path) => `get ${path}`);
    const documented = Object.entries(api.document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    const posted = [...POSTS, ...UPLOADS].map((path) => `post ${path}`);
    const several = Object.entries(SEVERAL).flatMap(([path, methods]) =>
      methods.map((method) => `${method.toLowerCase()} ${path}`),
    );
    expect([...tested, ...posted, ...several].toSorted()).toEqual(documented.toSorted());
  });
});

/** Sends without saying how long the body is; the status of the answer. */
function sendInChunks(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sending.on('error', reject);
    for (let at = 0; at < body.length; at += 65_536) sending.write(body.slice(at, at + 65_536));
    sending.end();
  });
}

/** Announces a body, and sends none of it. */
function announceBody(url: string, method: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers: { 'content-length': bytes } }, (response) => {
      resolve(response.statusCode ?? 0);
      sending.destroy();
    });
    sending.on('error', reject);
    sending.flushHeaders();
  });
}
