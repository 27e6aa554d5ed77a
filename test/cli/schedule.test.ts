import { runCli } from '../../src/cli/run';
import { startApiStandIn, type ApiStandIn } from './api-stand-in';
import { typing } from './typed';

const NIGHTLY = {
  id: 'nightly',
  cron: '0 3 * * *',
  every_seconds: null,
  timezone: 'Europe/Berlin',
  overlap: 'skip',
  paused: false,
  next_times: ['2026-11-24T02:00:00.000Z'],
};

describe('tinman schedule', () => {
  let api: ApiStandIn;
  beforeEach(async () => {
    api = await startApiStandIn(({ method, url }) => {
      if (method === 'DELETE') return { status: 204, body: undefined };
      if (method === 'GET' && url === '/schedules') return { body: { items: [NIGHTLY] } };
      return { body: { ...NIGHTLY, paused: url.endsWith('/pause') } };
    });
  });
  afterEach(() => api.close());

  async function run(...args: readonly string[]) {
    const written = { out: '', err: '' };
    const output = (to: 'out' | 'err') => ({ write: (text: string) => (written[to] += text) });
    const code = await runCli(['schedule', ...args], {
      env: { TINMAN_URL: api.url },
      cwd: '/',
      stdout: output('out'),
      stderr: output('err'),
      signal: new AbortController().signal,
      mainScript: '',
      notifyParent: () => undefined,
      typedLines: typing(),
      onHangUp: () => undefined,
    });
    return { code, ...written };
  }

  it('makes one by cron, with a budget for it and for each of its cycles', async () => {
    const timing = [
      '--cron',
      '0 3 * * *',
      '--timezone',
      'Europe/Berlin',
      '--jitter',
      '5m',
      '--overlap',
      'skip',
    ];
    const money = ['--limit-usd', '20', '--period', 'weekly', '--budget-usd', '2.5'];
    const { code, out } = await run(
      'create',
      'nightly',
      ...timing,
      ...money,
      '--target',
      'shop',
      '--runs',
      '4',
    );
    expect([code, out]).toEqual([
      0,
      'Made the schedule nightly; its first cycle starts at 2026-11-24T02:00:00.000Z.\n',
    ]);
    expect(api.seen).toMatchObject([{ method: 'POST', url: '/schedules' }]);
    expect(api.seen[0]?.body).toEqual({
      id: 'nightly',
      cron: '0 3 * * *',
      timezone: 'Europe/Berlin',
      jitter_seconds: 300,
      overlap: 'skip',
      budget: { limit_usd: 20, period: 'weekly' },
      cycle: { target: 'shop', runs_per_experiment: 4, budget_usd: 2.5 },
    });
  });

  it('makes one at intervals, of known failures', async () => {
    expect(await run('create', 'hourly', '--every', '1h', '--paused', '--regressions')).toMatchObject({
      code: 0,
    });
    const body = { id: 'hourly', every_seconds: 3_600, paused: true, cycle: { regressions: true } };
    expect(api.seen[0]?.body).toEqual(body);
  });

  it.each([
    ['--every', 'often'],
    ['--every', '5m', '--cron', '@daily'],
    ['--overlap', 'whatever'],
    ['--period', 'session'],
  ])('refuses %s %s %s %s', async (...options) => {
    expect(await run('create', 'x', ...options)).toMatchObject({ code: 2 });
    expect(api.seen).toEqual([]);
  });

  it('lists and shows them', async () => {
    const { out } = await run('list');
    expect(out).toMatch(/^ID +CRON +EVERY S +TIMEZONE +OVERLAP +PAUSED +NEXT\n/);
    expect(out).toMatch(/^nightly +0 3 \* \* \* +- +Europe\/Berlin +skip +false +2026-11-24T02:00:00.000Z$/m);
    expect((await run('show', 'nightly')).out).toContain('timezone: Europe/Berlin\n');
    expect(JSON.parse((await run('show', 'nightly', '--json')).out)).toEqual(NIGHTLY);
  });

  it.each([
    [
      ['pause', 'nightly', '--reason', 'a release'],
      'POST',
      '/schedules/nightly/pause',
      'The schedule nightly is paused.',
    ],
    [['resume', 'nightly'], 'POST', '/schedules/nightly/resume', 'The schedule nightly goes on.'],
    [['trigger', 'nightly'], 'POST', '/schedules/nightly/trigger', 'Triggered nightly;'],
    [['delete', 'nightly'], 'DELETE', '/schedules/nightly', 'Deleted the schedule nightly.'],
  ])('steers one: %j', async (args, method, url, said) => {
    const { code, out } = await run(...args);
    expect([code, out]).toEqual([0, expect.stringContaining(said)]);
    expect(api.seen).toMatchObject([{ method, url }]);
  });
});
