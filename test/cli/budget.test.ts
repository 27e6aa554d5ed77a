import { runCli } from '../../src/cli/run';
import { startApiStandIn, type ApiStandIn } from './api-stand-in';
import { typing } from './typed';

const scope = (settled: number, start: string) => ({
  scope: 'global',
  period: 'daily',
  limit_usd: 10,
  settled_usd: settled,
  reserved_usd: 0.5,
  remaining_usd: 9.5 - settled,
  overrun: false,
  period_start: start,
  period_end: '2026-11-24T00:00:00.000Z',
});
const BUDGET = {
  scopes: [scope(8.5, '2026-11-23T00:00:00.000Z')],
  summary: { by_model: { 'demo-1': 8.5 }, unknown_usd: 0 },
};
const RESET = {
  before: scope(8.5, '2026-11-23T00:00:00.000Z'),
  after: scope(0, '2026-11-23T05:00:00.000Z'),
};

describe('tinman budget', () => {
  let api: ApiStandIn;
  beforeEach(async () => {
    api = await startApiStandIn(({ method }) => ({ body: method === 'GET' ? BUDGET : RESET }));
  });
  afterEach(() => api.close());

  async function run(...args: readonly string[]) {
    const written = { out: '', err: '' };
    const output = (to: 'out' | 'err') => ({ write: (text: string) => (written[to] += text) });
    const code = await runCli(args, {
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

  it.each([['budget'], ['budget', 'show']])(
    'shows what may be spent and what was: %s %s',
    async (...args) => {
      const { code, out } = await run(...args);
      expect(code).toBe(0);
      expect(out).toMatch(/^SCOPE +PERIOD +LIMIT \$/);
      expect(out).toMatch(/^global +daily +10 +8\.5 +0\.5 +1 +false/m);
      expect(out).toContain('by_model:\n  demo-1: 8.5\n');
      expect(api.seen).toMatchObject([{ method: 'GET', url: '/budget' }]);
    },
  );

  it('shows it as one JSON document when asked to', async () => {
    expect(JSON.parse((await run('budget', '--json')).out)).toEqual(BUDGET);
  });

  it('resets a scope once it is told to', async () => {
    const { code, out } = await run(
      'budget',
      'reset',
      '--scope',
      'target:shop',
      '--reason',
      'approved',
      '--yes',
    );
    expect({ code, out }).toEqual({
      code: 0,
      out: 'Budget target:shop has a new period from 2026-11-23T05:00:00.000Z; $8.5 were settled before.\n',
    });
    expect(api.seen).toMatchObject([
      { method: 'POST', url: '/budget/reset', body: { scope: 'target:shop', reason: 'approved' } },
    ]);
  });

  it('does nothing without --yes, and needs a reason', async () => {
    const unsure = await run('budget', 'reset', '--reason', 'approved');
    expect(unsure.code).toBe(2);
    expect(unsure.err).toContain('--yes');
    const unreasoned = await run('budget', 'reset', '--yes');
    expect(unreasoned.code).toBe(2);
    expect(unreasoned.err).toContain('--reason');
    expect(api.seen).toEqual([]);
  });
});
