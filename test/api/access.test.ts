import { get } from 'node:http';
import { ANONYMOUS } from '../../src/domain/access';
import type { ApiDeps } from '../../src/api/deps';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const CONSOLE = 'https://console.example.com';

describe('keys', () => {
  let world: FakeWorld;
  let api: ApiClient;
  const start = async (access: Partial<ApiDeps['access']> = {}) => {
    const { deps } = world;
    api = await ApiClient.start(world, { ...deps, access: { ...deps.access, ...access } });
  };
  beforeEach(() => {
    world = new FakeWorld();
    for (const name of ['ana', 'ben']) world.principals.set(name, { name, role: 'operator', keyId: name });
  });
  afterEach(() => api.close());

  const statuses = async (count: number, headers: Record<string, string> = {}, path = '/status') => {
    const answers = await Promise.all(Array.from({ length: count }, () => api.get(path, headers)));
    return answers.map(({ status }) => status).toSorted((a, b) => a - b);
  };

  it.each(['Basic YTpi', 'Bearer', 'Bearer  ', 'ana', `Bearer ${'x'.repeat(300)}`, 'Bearer ana b'])(
    'are not %j',
    async (authorization) => {
      await start();
      expect((await api.get('/status', { authorization })).status).toBe(401);
    },
  );

  it('name who asks', async () => {
    await start();
    expect((await api.post('/research/cycle', {}, bearer('ana'))).status).toBe(202);
    expect(world.requesters).toEqual(['ana']);
  });

  it('that are wrong are slowed down, and lock nobody else out', async () => {
    await start();
    expect(await statuses(25, bearer('eve'))).toEqual([
      ...Array<number>(20).fill(401),
      ...Array<number>(5).fill(429),
    ]);
    const refused = await api.get('/status', bearer('eve'));
    expect(problemIn(refused)).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await statuses(1, bearer('ana'))).toEqual([200]);
  });

  it('are limited each by itself, and those who have none by their address', async () => {
    await start({ requestsPerMinute: 3 });
    expect(await statuses(5, bearer('ana'))).toEqual([200, 200, 200, 429, 429]);
    expect(await statuses(2, bearer('ben'))).toEqual([200, 200]);
    expect(await statuses(5)).toEqual([401, 401, 401, 429, 429]);
    expect(await statuses(5, {}, '/live')).toEqual([200, 200, 200, 200, 200]);
  });

  /** The events of a cycle that does not end. */
  const follow = async (key: string) => {
    const answer = await fetch(`${api.url}/research/cycles/${world.cycleId}/events`, {
      headers: bearer(key),
    });
    expect(answer.status).toBe(200);
    return answer;
  };

  it('that are revoked end the events that were asked for with them', async () => {
    await start();
    const events = await follow('ana');
    world.principals.delete('ana');
    expect(await events.text()).toContain('event: progress');
  });

  it('are not taken for revoked while the database is away', async () => {
    let looks = 0;
    const principalOf = (key: string) => {
      looks += 1;
      if (looks === 2) return Promise.reject(new Error('no database'));
      return Promise.resolve(looks > 2 ? undefined : world.principals.get(key));
    };
    await start({ keys: { exist: () => Promise.resolve(true), principalOf } });
    await (await follow('ana')).text();
    expect(looks).toBe(3);
  });
});

describe('while there is no key', () => {
  const world = new FakeWorld();
  const close: (() => Promise<void>)[] = [];
  afterAll(() => Promise.all(close.map((end) => end())));
  const start = async (access: Partial<ApiDeps['access']>) => {
    const { deps } = world;
    const api = await ApiClient.start(world, { ...deps, access: { ...deps.access, ...access } });
    close.push(() => api.close());
    return api;
  };

  it('everybody is nobody in particular, and may do everything', async () => {
    const api = await start({});
    expect((await api.post('/research/cycle', {})).status).toBe(202);
    expect(world.requesters).toEqual([ANONYMOUS]);
    expect((await api.post('/budget/reset', { scope: 'global' })).status).not.toBe(403);
    expect((await api.get('/status', bearer('tinman_bad'))).status).toBe(401);
  });

  it('any more, because the last one was revoked, nobody beyond loopback becomes an admin', async () => {
    const api = await start({ keyless: false });
    expect(problemIn(await api.get('/status'))).toMatchObject({ status: 401 });
    expect(problemIn(await api.post('/research/cycle', {}))).toMatchObject({ status: 401 });
    expect((await api.get('/live')).status).toBe(200);
  });

  it.each([
    ['localhost:8000', 200],
    ['127.0.0.1', 200],
    ['[::1]:8000', 200],
    ['tinman.localhost', 200],
    ['rebound.example.com:8000', 401],
    ['127.0.0.1.example.com', 401],
    ['192.168.1.2:8000', 401],
  ])('a request to %s gets %i', async (host, status) => {
    const api = await start({});
    const seen = await new Promise((resolve, reject) => {
      const headers = { host };
      get(`${api.url}/status`, { headers }, (answer) => resolve(answer.resume().statusCode)).on(
        'error',
        reject,
      );
    });
    expect(seen).toBe(status);
  });
});

describe('what browsers are told', () => {
  const world = new FakeWorld();
  let api: ApiClient;
  beforeAll(async () => {
    world.principals.set('ana', { name: 'ana', role: 'operator', keyId: 'ana' });
    api = await ApiClient.start(world);
  });
  afterAll(() => api.close());
  const asAna = (origin: string) => ({ ...bearer('ana'), origin });

  it.each([
    ['GET', '/live', 200],
    ['GET', '/status', 401],
    ['GET', '/nowhere', 404],
    ['DELETE', '/status', 405],
  ])('is to make nothing else of an answer: %s %s', async (method, path, status) => {
    const answer = await fetch(api.url + path, { method });
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it('is that pages of configured origins may read and write', async () => {
    const read = await api.get('/status', asAna(CONSOLE));
    expect(read.headers.get('access-control-allow-origin')).toBe(CONSOLE);
    expect((await api.post('/research/cycle', {}, asAna(CONSOLE))).status).toBe(202);
    const preflight = await fetch(`${api.url}/research/cycle`, {
      method: 'OPTIONS',
      headers: {
        origin: CONSOLE,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET,POST,DELETE');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  });

  it('why a page of theirs was refused', async () => {
    const refused = await api.get('/status', { origin: CONSOLE });
    expect(problemIn(refused)).toMatchObject({ status: 401 });
    expect(refused.headers.get('access-control-allow-origin')).toBe(CONSOLE);
  });

  it.each(['https://evil.example.com', 'http://console.example.com', `${CONSOLE}.evil.example`, 'null'])(
    'nothing for pages of %s',
    async (origin) => {
      const read = await api.get('/status', asAna(origin));
      expect(read.headers.get('access-control-allow-origin')).toBeNull();
      expect(problemIn(await api.post('/research/cycle', {}, asAna(origin)))).toMatchObject({
        status: 403,
        code: 'cross_origin',
      });
      const preflight = await fetch(`${api.url}/research/cycle`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    },
  );
});
