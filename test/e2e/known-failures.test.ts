import { createDemoTarget } from '../../src/targets/demo';
import { startStack, type Stack } from '../support/stack';
import { startWireTarget, type WireTarget } from '../support/stack-demo-target';
import { ResearchClient, type Result } from './research-client';

jest.setTimeout(90_000);

const FAULTS = ['decimal_versions', 'lost_middle'];
const PRICE = { input_usd_per_mtok: 3, output_usd_per_mtok: 15 };
const REQUEST = {
  focus: 'logic_error',
  max_hypotheses: 1,
  max_experiments: 2,
  runs_per_experiment: 5,
  replay_pairs: 10,
};

describe('a target over the wire', () => {
  let wire: WireTarget;
  let stack: Stack;
  let client: ResearchClient;
  let first: Result;

  beforeAll(async () => {
    wire = await startWireTarget(FAULTS);
    const { systemPrompt, maxOutputTokens } = createDemoTarget({}).describe.configuration;
    stack = await startStack({
      settings: {
        targets: {
          here: { kind: 'demo', faults: FAULTS },
          wire: {
            kind: 'openai',
            base_url: wire.baseUrl,
            model: 'demo-1',
            price: PRICE,
            system_prompt: systemPrompt,
            max_output_tokens: maxOutputTokens,
          },
        },
      },
    });
    client = await ResearchClient.at(stack.url);
    first = await client.run({ ...REQUEST, target: 'wire' });
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await wire.stop();
  });

  it('shows the findings that the same faults show in process', async () => {
    const local = await client.run({ ...REQUEST, target: 'here' });
    const findings = ({ failures }: Result) =>
      failures.map(({ failure_type, trigger, severity, reproducibility, evidence, novelty }) => {
        return { failure_type, trigger, severity, reproducibility, evidence, novelty };
      });
    expect(findings(first)).toEqual(findings(local));
    expect(first.failures.length).toBeGreaterThan(0);
    expect(first.failures.every(({ novelty }) => novelty === 'new')).toBe(true);
    expect(first.failures.map((failure) => failure.failure_type)).toContain('logic_error');
    expect(await verdicts(first)).toEqual(await verdicts(local));
    expect(await verdicts(first)).toContain('prompt_patch improved');
  });

  /** Of the replays, each with the type of its intervention. */
  async function verdicts({ id }: Result): Promise<readonly string[]> {
    const rows = await stack.query<{ said: string }>(
      `SELECT i.type || ' ' || s.verdict AS said FROM simulations s JOIN interventions i ON i.id = s.intervention_id
       WHERE s.cycle_id = $1 ORDER BY 1`,
      [id],
    );
    return rows.map(({ said }) => said);
  }

  it('is billed by usage and price', async () => {
    const bills = await stack.query<{ bill: number; cost: number }>(
      `SELECT ceil(input_tokens * 3 + output_tokens * 15)::int AS bill, cost_micro_usd::int AS cost FROM (
         SELECT input_tokens, output_tokens, cost_micro_usd FROM experiment_runs WHERE cycle_id = $1
         UNION ALL SELECT r.input_tokens, r.output_tokens, r.cost_micro_usd FROM replay_runs r
           JOIN simulations s ON s.id = r.simulation_id WHERE s.cycle_id = $1
         UNION ALL SELECT r.input_tokens, r.output_tokens, r.cost_micro_usd FROM follow_up_runs r
           JOIN follow_ups u ON u.id = r.follow_up_id WHERE u.cycle_id = $1) AS plays`,
      [first.id],
    );
    expect(bills.every(({ bill, cost }) => bill === cost && cost > 0)).toBe(true);
    const total = bills.reduce((sum, { bill }) => sum + bill, 0);
    const { progress } = await client.cycle(first.id);
    expect(Math.round(progress.spent_usd * 1e6)).toBe(total);
    expect(progress.held_usd).toBe(0);
    const [booked] = await stack.query(
      `SELECT sum(settled_micro_usd)::int AS settled, bool_and(state = 'settled') AS all_settled, min(source) AS source,
         bool_and(settled_micro_usd <= reserved_micro_usd) AS within FROM cost_ledger WHERE cycle_id = $1`,
      [first.id],
    );
    expect(booked).toEqual({ settled: total, all_settled: true, source: 'target', within: true });
  });

  it('has its known failures seen again while new types are explored, fixed, and back', async () => {
    const second = await client.run({ ...REQUEST, focus: null, max_hypotheses: 5, target: 'wire' });
    const explored = second.hypotheses.map(({ failure_type }) => failure_type);
    expect(explored).toContain('logic_error');
    expect(new Set(explored).size).toBe(5);
    const seen = second.failures.filter(({ failure_type }) => failure_type === 'logic_error');
    expect(signatures(seen)).toEqual(signatures(first.failures));
    for (const failure of seen) {
      const earlier = first.failures.find(
        ({ trigger_signature: each }) => each === failure.trigger_signature,
      );
      expect(failure).toMatchObject({ novelty: 'seen', previous_failure_id: earlier?.id });
    }

    await wire.restart([]);
    const healthy = await client.run({ ...REQUEST, target: 'wire' });
    expect(healthy).toMatchObject({ success: true, failures_count: 0, failures: [] });
    for (const { id } of seen) expect(await client.failure(id)).toMatchObject({ state: 'not_reproduced' });

    await wire.restart(FAULTS);
    const broken = await client.run({ ...REQUEST, target: 'wire' });
    expect(signatures(broken.failures)).toEqual(signatures(seen));
    for (const failure of broken.failures) {
      const earlier = seen.find(({ trigger_signature: each }) => each === failure.trigger_signature);
      expect(failure).toMatchObject({
        novelty: 'regressed',
        state: 'open',
        previous_failure_id: earlier?.id,
      });
    }
    const [edges] = await stack.query(
      `SELECT count(*)::int AS n FROM memory_edges WHERE kind = 'regressed_as'`,
    );
    expect(edges).toEqual({ n: broken.failures_count });
  });
});

function signatures(failures: readonly { readonly trigger_signature: string }[]): readonly string[] {
  return failures.map(({ trigger_signature: signature }) => signature).toSorted();
}
