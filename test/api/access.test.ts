import { ANONYMOUS, ROLES, roleIncludes, type Role } from '../../src/domain/access';
import { createRoutes } from '../../src/api/routes';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

const keyOf = (role: Role) => `tinman_${role}`;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('access', () => {
  const world = new FakeWorld();
  const routes = createRoutes(world.deps, new AbortController().signal);
  let api: ApiClient;
  beforeAll(async () => {
    for (const role of ROLES) world.principals.set(keyOf(role), { name: role, role, keyId: role });
    api = await ApiClient.start(world);
  });
  afterAll(() => api.close());

  /** The status for a request that has nothing else to be refused for than who asks, or is refused later. */
  async function ask(route: (typeof routes)[number], headers: Record<string, string>) {
    const path = route.path.replaceAll(/:(\w+)/g, world.cycleId);
    const answer =
      route.method === 'GET'
        ? await api.get(path, headers)
        : await api.post(path, { no_such_field: 1 }, headers);
    return answer;
  }
  const cases = routes
    .filter(({ path }) => !path.endsWith('/events'))
    .map((route) => [`${route.method} ${route.path}`, route] as const);

  it.each(cases)('%s: without a key and for every role', async (_name, route) => {
    const open = route.access === 'open';
    const keyless = await ask(route, {});
    if (open) expect([401, 403]).not.toContain(keyless.status);
    else {
      expect(problemIn(keyless)).toMatchObject({ status: 401, code: 'unauthenticated' });
      expect(keyless.headers.get('www-authenticate')).toBe('Bearer');
    }
    for (const role of ROLES) {
      const { status } = await ask(route, bearer(keyOf(role)));
      const may = route.access === 'open' || roleIncludes(role, route.access);
      expect([role, status === 403]).toEqual([role, !may]);
      expect(status).not.toBe(401);
    }
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer  ', 'tinman_viewer', `Bearer ${'x'.repeat(300)}`, 'Bearer a b'])(
    'takes %j for no key',
    async (authorization) => {
      expect((await api.get('/status', { authorization })).status).toBe(401);
    },
  );

  it('leaves open only what machines ask before they have a key', () => {
    const open = routes.filter(({ access }) => access === 'open').map(({ path }) => path);
    expect(open.toSorted()).toEqual(['/health', '/live', '/openapi.json', '/ready']);
  });

  it('lets nobody write who may only read', () => {
    const writing = routes.filter(({ method }) => method === 'POST');
    expect(writing.map(({ access }) => access)).not.toContain('viewer');
    expect(writing.map(({ access }) => access)).not.toContain('open');
  });

  it('answers one who asks with wrong keys again and again ever later', async () => {
    const other = new FakeWorld();
    other.principals.set('tinman_good', { name: 'ana', role: 'admin', keyId: 'ana' });
    const client = await ApiClient.start(other);
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 25; attempt++) {
      const { status } = await client.get('/status', bearer('tinman_bad'));
      statuses.push(status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(statuses.slice(21)).toEqual(Array(4).fill(429));
    const { headers } = await client.get('/status', bearer('tinman_bad'));
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await client.close();
  });

  it('limits the requests of a key, not those of another', async () => {
    const other = new FakeWorld();
    for (const name of ['ana', 'ben']) other.principals.set(name, { name, role: 'viewer', keyId: name });
    const deps = other.deps;
    const client = await ApiClient.start(other, {
      ...deps,
      access: { ...deps.access, requestsPerMinute: 3 },
    });
    const statuses = async (key: string, count: number) => {
      const answers = await Promise.all(
        Array.from({ length: count }, () => client.get('/status', bearer(key))),
      );
      return answers.map(({ status }) => status).toSorted((a, b) => a - b);
    };
    expect(await statuses('ana', 5)).toEqual([200, 200, 200, 429, 429]);
    expect(await statuses('ben', 2)).toEqual([200, 200]);
    await client.close();
  });

  it('takes everybody for nobody in particular while there is no key', async () => {
    const keyless = new FakeWorld();
    const client = await ApiClient.start(keyless);
    expect((await client.post('/research/cycle', {})).status).toBe(202);
    expect(keyless.requesters).toEqual([ANONYMOUS]);
    expect((await client.get('/status', bearer('tinman_bad'))).status).toBe(401);
    await client.close();
  });

  it('answers pages of configured origins only', async () => {
    const origin = 'https://console.example.com';
    const headers = { ...bearer(keyOf('viewer')), origin };
    expect((await api.get('/status', headers)).headers.get('access-control-allow-origin')).toBe(origin);
    const other = await api.get('/status', { ...headers, origin: 'https://evil.example.com' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${api.url}/research/cycle`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
  });
});
