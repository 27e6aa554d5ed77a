import {
  startAnthropicServer,
  type AnthropicAnswer,
  type AnthropicServer,
} from '../support/anthropic-server';
import type { Fault } from '../support/protocol-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL, until } from './research-client';
import { goodAnswer } from './scripted-claude';

jest.setTimeout(90_000);

const MAX_OUTPUT_TOKENS = 16_000;
const OUTPUT_MICRO_USD_PER_TOKEN = 10;
/** The bill of an answer that is as long as it may be. */
const DEAR = MAX_OUTPUT_TOKENS * OUTPUT_MICRO_USD_PER_TOKEN;
const LIMIT_USD = 1.5;
const REQUEST = { ...SMALL, target: 'shop', replay_pairs: 12 };
const PHASES = ['propose_hypotheses', 'design_experiments', 'explain_failure', 'propose_interventions'];

interface Entry {
  readonly operation: string;
  readonly state: string;
  readonly reserved: number;
  readonly settled: number;
}

describe('a budget that ends', () => {
  let provider: AnthropicServer;
  /** The tools whose answers are as dear as they may be; all others cost nothing. */
  let dear: readonly string[] = [];
  let spoilt: ((tool: string) => AnthropicAnswer | Fault | undefined) | undefined;
  let stack: Stack;
  let client: ResearchClient;

  beforeAll(async () => {
    provider = await startAnthropicServer((question) => {
      const tool = question.tools[0]?.name ?? '';
      const usage = { input_tokens: 0, output_tokens: dear.includes(tool) ? MAX_OUTPUT_TOKENS : 0 };
      return spoilt?.(tool) ?? { ...goodAnswer(question), usage };
    });
    stack = await startStack({
      env: {
        TINMAN_RESEARCHER: 'anthropic',
        ANTHROPIC_API_KEY: 'k',
        ANTHROPIC_BASE_URL: provider.url,
        TINMAN_BUDGET_USD: String(LIMIT_USD),
      },
      settings: { targets: { shop: { kind: 'demo', faults: ['decimal_versions'] } } },
    });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await provider.close();
  });
  beforeEach(() => {
    dear = [];
    spoilt = undefined;
  });

  const entriesOf = (cycleId: string): Promise<Entry[]> =>
    stack.query<Entry>(
      `SELECT operation, state, reserved_micro_usd::int AS reserved, settled_micro_usd::int AS settled
       FROM cost_ledger WHERE cycle_id = $1 AND source = 'researcher' ORDER BY created_at, call_number`,
      [cycleId],
    );

  /** Room for every call while the ones before cost nothing, and for none after one that cost the most. */
  async function tightBudget(): Promise<number> {
    const free = await client.run(REQUEST);
    expect(free).toMatchObject({ state: 'completed', failures_count: 1 });
    const bounds = (await entriesOf(free.id)).map(({ reserved }) => reserved);
    // One for each phase, and one for paraphrases, which nothing waits for.
    expect(bounds).toHaveLength(PHASES.length + 1);
    const tight = Math.ceil(1.1 * Math.max(...bounds));
    expect(tight - DEAR).toBeLessThan(Math.min(...bounds));
    return tight / 1e6;
  }

  it('ends the cycle with what it has, whichever call of the researcher is the first without room', async () => {
    const budget_usd = await tightBudget();
    const ends: unknown[] = [];
    for (const tool of PHASES.slice(0, 3)) {
      dear = [tool];
      const result = await client.run({ ...REQUEST, budget_usd });
      expect(result).toMatchObject({ state: 'budget_exhausted', success: true, error: null });
      const [failure] = result.failures;
      const [experiment] = result.experiments;
      ends.push({
        ...{
          hypotheses: result.hypotheses_count,
          experiment: experiment?.state,
          failures: result.failures_count,
        },
        explained:
          failure === undefined ? undefined : String(failure['description']).includes('without a model'),
        fixed: result.interventions_count > 0,
      });
      const simulations = await stack.query(
        `SELECT DISTINCT state, skip_reason FROM simulations WHERE cycle_id = $1`,
        [result.id],
      );
      expect(simulations).toEqual(
        result.interventions_count === 0 ? [] : [{ state: 'skipped', skip_reason: 'budget' }],
      );
      const entries = await entriesOf(result.id);
      expect(entries.every(({ state }) => state === 'settled')).toBe(true);
      expect(entries.reduce((sum, { settled }) => sum + settled, 0)).toBe(DEAR);
      expect((await client.cycle(result.id)).progress).toMatchObject({ spent_usd: DEAR / 1e6, held_usd: 0 });
    }
    expect(ends).toEqual([
      { hypotheses: 1, experiment: undefined, failures: 0, explained: undefined, fixed: false },
      { hypotheses: 1, experiment: 'done', failures: 1, explained: true, fixed: true },
      { hypotheses: 1, experiment: 'done', failures: 1, explained: false, fixed: true },
    ]);
  });

  it('counts a call as paid when the worker is killed before its answer, and pays for the retry as well', async () => {
    let asked = 0;
    spoilt = (tool) => (tool === 'propose_hypotheses' && ++asked === 1 ? { fault: 'hang' } : undefined);
    const id = await client.start(REQUEST);
    await until(
      () => Promise.resolve(asked),
      (calls) => calls > 0,
    );
    const [worker] = stack.workers;
    await worker?.kill();
    const [open] = await entriesOf(id);
    expect(open).toMatchObject({ state: 'reserved', settled: null });
    await worker?.restart();
    expect(await client.ended(id, 60_000)).toMatchObject({ state: 'completed' });
    const entries = await entriesOf(id);
    const operation = `llm/${id}/hypotheses`;
    expect(entries.slice(0, 2)).toEqual([
      { operation, state: 'unknown', reserved: open?.reserved, settled: open?.reserved },
      { operation, state: 'settled', reserved: open?.reserved, settled: 0 },
    ]);
    expect(asked).toBe(2);
    const { progress } = await client.cycle(id);
    expect(progress).toMatchObject({ spent_usd: (open?.reserved ?? 0) / 1e6, held_usd: 0 });
  });

  it('is warned of once, refuses the next cycle, and is open again after a reset', async () => {
    dear = PHASES;
    let result = await client.run(REQUEST);
    for (let cycles = 1; result.state === 'completed' && cycles < 10; cycles += 1)
      result = await client.run(REQUEST);
    expect(result).toMatchObject({ state: 'budget_exhausted' });
    const full = await client.run(REQUEST);
    expect(full).toMatchObject({ state: 'budget_exhausted', hypotheses_count: 0 });
    const warnings = await stack.query(
      `SELECT subject_id, details ->> 'limit_usd' AS limit FROM audit_logs
       WHERE event_type = 'budget_warning' AND subject_id = 'global'`,
    );
    expect(warnings).toEqual([{ subject_id: 'global', limit: String(LIMIT_USD) }]);
    const shown = await stack.cli('budget', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      scopes: [{ scope: 'global', limit_usd: LIMIT_USD, reserved_usd: 0, overrun: false }],
    });

    const reset = await stack.cli('budget', 'reset', '--reason', 'approved by the owner', '--yes');
    expect(reset).toMatchObject({ code: 0 });
    dear = [];
    expect(await client.run(REQUEST)).toMatchObject({ state: 'completed', failures_count: 1 });
    const metrics = await (await fetch(`${stack.workerMetricsUrls[0]}/metrics`)).text();
    expect(metrics).toContain(`tinman_budget_limit_usd{scope="global"} ${LIMIT_USD}`);
    expect(metrics).toMatch(/^tinman_budget_spent_usd\{scope="global"\} 0$/m);
    const [event] = await stack.query<{ details: object }>(
      `SELECT details FROM audit_logs WHERE event_type = 'budget_reset'`,
    );
    expect(event?.details).toMatchObject({ reason: 'approved by the owner', reserved_usd: 0 });
  });
});
