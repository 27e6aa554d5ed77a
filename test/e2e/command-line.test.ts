import { z } from 'zod';
import { createDemoTarget } from '../../src/targets/demo';
import { startStack, type Stack } from '../support/stack';
import { startWireTarget, type WireTarget } from '../support/stack-demo-target';

jest.setTimeout(60_000);

const UNKNOWN = '11111111-1111-4111-8111-111111111111';
const SMALL = ['--max-hypotheses', '1', '--max-experiments', '1', '--runs', '4', '--replay-pairs', '5'];
const started = z.looseObject({ id: z.string(), workflow_id: z.string() });
const page = z.object({
  items: z.array(z.looseObject({ id: z.string() })),
  next_cursor: z.string().nullable(),
});
const pending = z.object({ count: z.number(), approvals: z.array(z.looseObject({ id: z.string() })) });

describe('the command line against a running system', () => {
  let wire: WireTarget;
  let stack: Stack;

  beforeAll(async () => {
    wire = await startWireTarget(['decimal_versions']);
    const { systemPrompt } = createDemoTarget({}).describe.configuration;
    const shop = { kind: 'openai', base_url: wire.baseUrl, model: 'demo-1', system_prompt: systemPrompt };
    stack = await startStack({ mode: 'shadow', settings: { targets: { shop } } });
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await wire.stop();
  });

  /** The one JSON document on standard output of a command that ends well. */
  async function json(...args: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await stack.cli(...args, '--json');
    if (code !== 0) throw new Error(`tinman ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  }

  it('starts a cycle and follows it to a summary', async () => {
    const ended = await stack.cli(
      'cycle',
      'start',
      '--target',
      'demo',
      '--focus',
      'logic_error',
      ...SMALL,
      '--watch',
    );
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('logic_error');
    expect(ended.stderr).toMatch(/7\/7 learning · experiments 1\/1 · 1 failure · .* · 3 runs/);

    const cycles = page.parse(await json('cycle', 'list'));
    expect(cycles.items).toMatchObject([{ state: 'completed', target: 'demo', focus: 'logic_error' }]);
    const id = cycles.items[0]?.id ?? '';
    const shown = await json('cycle', 'show', id);
    expect(shown).toMatchObject({
      id,
      state: 'completed',
      progress: { runs_done: 3 },
      result: { success: true },
    });
    const watched = await json('cycle', 'watch', id);
    expect(watched).toMatchObject({ id, state: 'completed' });
    const table = await stack.cli('cycle', 'list');
    expect(table).toMatchObject({ code: 0 });
    expect(table.stdout).toContain(id);
  });

  it('lists and shows what was found', async () => {
    const failures = page.parse(await json('failures', 'list', '--filter', 'failure_type=logic_error'));
    expect(failures.items).toHaveLength(1);
    const found = await stack.query<{ id: string; root_cause: string }>(
      'SELECT id, root_cause FROM failures',
    );
    expect(found.map(({ id }) => id)).toEqual(failures.items.map(({ id }) => id));
    const detail = await json('failures', 'show', found[0]?.id ?? '');
    expect(detail).toMatchObject({ root_cause: found[0]?.root_cause, novelty: 'new' });
    expect(page.parse(await json('failures', 'list', '--filter', 'severity=S0')).items).toEqual([]);
    for (const resource of ['hypotheses', 'experiments', 'interventions', 'simulations']) {
      const [count] = await stack.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${resource}`);
      expect(page.parse(await json(resource, 'list')).items).toHaveLength(count?.n ?? -1);
    }
    expect(await json('status')).toMatchObject({ mode: 'shadow', failures_discovered: 1, active_cycles: 0 });
  });

  it('lets a person approve, reject and see why not twice', async () => {
    const { id } = started.parse(
      await json('cycle', 'start', '--target', 'shop', '--focus', 'logic_error', ...SMALL),
    );
    const experiment = await waiting(1);
    const approved = await json(
      'approvals',
      'approve',
      experiment[0] ?? '',
      '--by',
      'ana',
      '--reason',
      'fine',
    );
    expect(approved).toMatchObject({ state: 'approved', decided_by: 'ana', reason: 'fine' });
    const again = await stack.cli('approvals', 'reject', experiment[0] ?? '', '--by', 'ben');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('already decided');

    // The experiment failed, so its fixes are to be replayed, each after a decision of its own.
    const replays = await waiting(await interventionsOf(id));
    for (const approval of replays) {
      const rejected = await stack.cli('approvals', 'reject', approval, '--by', 'ben');
      expect(rejected).toMatchObject({ code: 0, stdout: `Approval ${approval} is rejected.\n` });
    }
    const ended = await stack.cli('cycle', 'watch', id, '--json');
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ state: 'completed', result: { failures_count: 1 } });
    const simulations = page.parse(await json('simulations', 'list', '--cycle', id)).items;
    expect(simulations).toHaveLength(replays.length);
    expect(simulations.every((each) => each['state'] === 'skipped' && each['verdict'] === null)).toBe(true);
  });

  /** The approvals that wait, once there are so many. */
  async function waiting(count: number): Promise<readonly string[]> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const { approvals } = pending.parse(await json('approvals'));
      if (approvals.length === count) return approvals.map(({ id }) => id);
    }
    throw new Error(`never ${count} approvals waited`);
  }

  /** How many replays are planned, once they are. */
  async function interventionsOf(cycleId: string): Promise<number> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const { items } = page.parse(await json('simulations', 'list', '--cycle', cycleId));
      if (items.length > 0) return items.length;
    }
    throw new Error('no replay was planned');
  }

  it('cancels a cycle, which is then no success', async () => {
    const { id } = started.parse(await json('cycle', 'start', '--target', 'shop', ...SMALL));
    await waiting(1);
    const watching = stack.cli('cycle', 'watch', id, '--json');
    expect(await json('cycle', 'cancel', id)).toMatchObject({ id });
    const ended = await watching;
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ id, state: 'cancelled' });
    const again = await stack.cli('cycle', 'cancel', id);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('409');
  });

  it.each([
    ['an unknown record', ['cycle', 'show', UNKNOWN], 1, 'there is no research cycle'],
    ['an unknown target', ['cycle', 'start', '--target', 'nowhere'], 1, 'nowhere'],
    ['a number out of its limits', ['cycle', 'start', '--runs', '101'], 2, 'from 1 to 100'],
    ['an unknown option', ['failures', 'list', '--colour'], 2, '--colour'],
    ['an unknown filter', ['failures', 'list', '--filter', 'colour=red'], 1, 'colour'],
    ['an API that is not there', ['status', '--url', 'http://127.0.0.1:9'], 3, 'cannot be reached'],
  ])('refuses %s with its exit code', async (_, args, code, told) => {
    const ended = await stack.cli(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(told);
    expect(ended.stdout).toBe('');
  });
});
