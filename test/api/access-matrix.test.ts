import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createRoutes } from '../../src/api/routes';
import type { Route } from '../../src/api/route';
import { ROLES, roleIncludes, type Role } from '../../src/domain/access';
import { createApiKeys } from '../../src/persistence/api-key-store';
import { startStores, type StoredWorld } from '../support/stored-cycle';
import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';
import { runningCycle } from './records';

const world = new FakeWorld();
// Its events end at once.
world.progress = { ...runningCycle(world.cycleId), state: 'completed' };
const routes = createRoutes(world.deps, new AbortController().signal);
const nameOf = ({ method, path }: Route) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`;
const stranger = () => `tinman_${randomUUID().replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;

const Refusal = z.looseObject({ code: z.string(), role_needed: z.string().optional() });
const Described = z.looseObject({
  security: z.array(z.unknown()),
  description: z.string().optional(),
  responses: z.record(z.string(), z.unknown()),
});

/** Every route that there is, for everybody there can be; the keys are in a database, all else is in memory. */
describe('access', () => {
  let stored: StoredWorld;
  let api: ApiClient;
  const keys = new Map<Role, string>();
  const revoked = new Map<Role, string>();

  beforeAll(async () => {
    stored = await startStores();
    const store = createApiKeys(stored.prisma);
    for (const role of ROLES) {
      keys.set(role, (await store.create({ owner: role, role, createdBy: 'root' })).key);
      const ended = await store.create({ owner: `ex-${role}`, role, createdBy: 'root' });
      await store.revoke(ended.record.id, 'root');
      revoked.set(role, ended.key);
    }
    api = await start();
  }, 60_000);
  afterAll(async () => {
    await api?.close();
    await stored?.stop();
  });

  function start(): Promise<ApiClient> {
    const { deps } = world;
    const access = { ...deps.access, keys: createApiKeys(stored.prisma) };
    return ApiClient.start(world, { ...deps, access });
  }

  /** What access says to a request that is refused later at most: for its body, or because there is no such record. */
  async function verdict({ method, path }: Route, key?: string, of = api): Promise<string> {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const asked = path.replaceAll(/:(\w+)/g, world.cycleId);
    const answer = await (method === 'POST'
      ? of.post(asked, { no_such_field: 1 }, headers)
      : of.call(method, asked, { headers }));
    const { status } = answer;
    if ([200, 204, 404, 422].includes(status)) return 'answered';
    const { code, role_needed: needed } = Refusal.parse(problemIn(answer));
    if (status === 401) return `${code}: ${answer.headers.get('www-authenticate')}`;
    return status === 403 ? `${code}: needs ${needed}` : `${status} ${code}`;
  }

  const named = (wanted: (route: Route) => boolean) =>
    routes.filter(wanted).map((route) => [nameOf(route), route] as const);
  const unusable = () => [undefined, '', 'tinman_', stranger(), ...revoked.values()];
  const described = (route: Route) => {
    const [method = '', path = ''] = nameOf(route).split(' ');
    return Described.parse(api.document.paths[path]?.[method.toLowerCase()]);
  };

  describe.each(named(({ access }) => access === 'open'))('%s', (_name, route) => {
    it('is for everybody', async () => {
      for (const key of [...keys.values(), ...unusable()]) expect(await verdict(route, key)).toBe('answered');
      expect(described(route).security).toEqual([]);
    });
  });

  describe.each(named(({ access }) => access !== 'open'))('%s', (_name, route) => {
    const needed = z.enum(ROLES).parse(route.access);

    it.each(ROLES)('as %s', async (role) => {
      const expected = roleIncludes(role, needed) ? 'answered' : `forbidden: needs ${needed}`;
      expect(await verdict(route, keys.get(role))).toBe(expected);
    });

    it('without a key in force', async () => {
      // Or there would be too many wrong keys.
      const own = await start();
      for (const key of unusable()) expect(await verdict(route, key, own)).toBe('unauthenticated: Bearer');
      await own.close();
    });

    it('is described so', () => {
      const { security, description, responses } = described(route);
      expect(security).toEqual([{ apiKey: [] }]);
      expect(description).toContain(`role ${needed}`);
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403', '429']));
    });
  });

  it('of HEAD is that of GET', async () => {
    const { status } = await fetch(`${api.url}/research/cycles`, { method: 'HEAD' });
    expect(status).toBe(401);
  });

  it('ends with a key, from the next request on', async () => {
    const store = createApiKeys(stored.prisma);
    const { key, record } = await store.create({ owner: 'ana', role: 'viewer', createdBy: 'root' });
    const headers = { authorization: `Bearer ${key}` };
    expect((await api.get('/status', headers)).status).toBe(200);
    await store.revoke(record.id, 'root');
    expect((await api.get('/status', headers)).status).toBe(401);
  });

  it('is open only to what machines ask before they have a key', () => {
    const open = routes.filter(({ access }) => access === 'open').map(({ path }) => path);
    expect(open.toSorted()).toEqual(['/health', '/live', '/openapi.json', '/ready']);
  });

  it('for viewers is to read only', () => {
    const writing = routes.filter(({ method }) => method !== 'GET').map(({ access }) => access);
    expect(writing).not.toContain('viewer');
    expect(writing).not.toContain('open');
  });
});
