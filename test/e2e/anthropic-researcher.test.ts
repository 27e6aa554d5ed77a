import { problemIn } from '../api/api-client';
import {
  startAnthropicServer,
  type AnthropicAnswer,
  type AnthropicScript,
  type AnthropicServer,
} from '../support/anthropic-server';
import type { Fault } from '../support/protocol-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL } from './research-client';
import { goodAnswer } from './scripted-claude';

jest.setTimeout(60_000);

/** Of claude-sonnet-5-5, in USD per million tokens: input, output, cache read, cache write. */
const PRICE = [2, 10, 0.1, 2.5] as const;
const USAGE = {
  input_tokens: 1_000,
  output_tokens: 200,
  cache_read_input_tokens: 4_000,
  cache_creation_input_tokens: 800,
};
const KEY = 'test-key-4711';
const MODEL = 'claude-sonnet-5-5';
const REQUEST = { ...SMALL, target: 'shop', replay_pairs: 12 };

type Script = (
  ...question: Parameters<Exclude<AnthropicScript, readonly unknown[]>>
) => AnthropicAnswer | Fault;

describe('Claude as the researcher', () => {
  let provider: AnthropicServer;
  let script: Script = (question) => goodAnswer(question);
  let stack: Stack;
  let client: ResearchClient;

  beforeAll(async () => {
    provider = await startAnthropicServer((...question) => {
      const answer = script(...question);
      return 'fault' in answer ? answer : { ...answer, usage: USAGE };
    });
    stack = await startStack({
      env: {
        TINMAN_RESEARCHER: 'anthropic',
        ANTHROPIC_API_KEY: KEY,
        ANTHROPIC_BASE_URL: provider.url,
        ANTHROPIC_MODEL: MODEL,
      },
      settings: { targets: { shop: { kind: 'demo', faults: ['decimal_versions'] } } },
    });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await provider.close();
  });
  beforeEach(() => (script = (question) => goodAnswer(question)));

  const callsOf = (cycleId: string) =>
    stack.query<{ operation: string; status: string; error: string | null }>(
      'SELECT operation, status, error FROM llm_calls WHERE cycle_id = $1 ORDER BY created_at',
      [cycleId],
    );

  /** The model answers `tool` this way in the given calls (from 1), and well otherwise. */
  function spoil(tool: string, answers: readonly (AnthropicAnswer | Fault)[]): void {
    let call = 0;
    script = (question) => {
      const spoilt = question.tools[0]?.name === tool ? answers[call++] : undefined;
      return spoilt ?? goodAnswer(question);
    };
  }

  it('answers every phase, and each call is kept with its usage and bill', async () => {
    const callsBefore = provider.calls;
    const result = await client.run(REQUEST);
    expect(result).toMatchObject({ state: 'completed', success: true, failures_count: 1 });
    expect(result.hypotheses).toMatchObject([
      { failure_type: 'logic_error', researcher: `anthropic:${MODEL}` },
    ]);
    expect(result.experiments).toMatchObject([
      { title: 'Compare 9.11 with 9.9', outcomes: { failed: 4, held: 0 } },
    ]);
    expect(result.failures[0]?.root_cause).toContain('“9.11 is more than 9.9”');
    expect(result.interventions).toMatchObject([
      { type: 'prompt_patch', simulation: { verdict: 'improved' } },
    ]);

    const paraphrase = `paraphrase/${result.failures[0]?.id}`;
    const operations = ['hypotheses', 'design/0/0', 'explain/0', 'interventions/0', paraphrase];
    const calls = await callsOf(result.id);
    expect(calls.map(({ operation }) => operation)).toEqual(operations);
    expect(calls.every(({ status }) => status === 'answered')).toBe(true);
    expect(provider.calls - callsBefore).toBe(operations.length);

    const [input, output, read, write] = PRICE;
    const bill = 1_000 * input + 200 * output + 4_000 * read + 800 * write;
    const booked = await stack.query(
      `SELECT operation, source, model, state, settled_micro_usd::int AS bill, input_tokens, output_tokens,
         settled_micro_usd <= reserved_micro_usd AS within
       FROM cost_ledger WHERE cycle_id = $1 AND source = 'researcher' ORDER BY created_at`,
      [result.id],
    );
    expect(booked).toEqual(
      operations.map((operation) => ({
        ...{
          operation: `llm/${result.id}/${operation}`,
          source: 'researcher',
          model: MODEL,
          state: 'settled',
        },
        ...{ bill, input_tokens: 5_800, output_tokens: 200, within: true },
      })),
    );
    expect((await client.cycle(result.id)).progress.spent_usd).toBeCloseTo(
      (operations.length * bill) / 1e6,
      9,
    );
    const [kept] = await stack.query<{ request: { system: string }; response: { output: object } }>(
      `SELECT request, response FROM llm_calls WHERE cycle_id = $1 AND operation = 'hypotheses'`,
      [result.id],
    );
    expect(kept?.request.system).toContain('hypotheses');
    expect(kept?.response.output).toHaveProperty('hypotheses');
  });

  it('is told to the state and health of the service', async () => {
    expect(await client.get('/status')).toMatchObject({ has_llm: true });
    expect(await client.get('/health')).toMatchObject({ status: 'healthy', llm_available: true });
    const metrics = await (await fetch(`${stack.workerMetricsUrls[0]}/metrics`)).text();
    expect(metrics).toMatch(/tinman_llm_\w+\{[^}]*claude-sonnet-5-5[^}]*\} [1-9]/);
  });

  const UNUSABLE: readonly [string, AnthropicAnswer, RegExp][] = [
    ['that is not JSON', { text: 'I would rather write a poem.' }, /not JSON/],
    ['that was cut off', { output: { designs: [] }, stopReason: 'max_tokens' }, /cut off/],
    ['that is a refusal', { text: 'I cannot help with that.', stopReason: 'refusal' }, /refusal/],
    ['of another form', { output: { designs: [{ title: 7 }] } }, /\/designs\/0\/title/],
  ];

  it.each(UNUSABLE)('asks again after an answer %s, and goes on', async (_, answer, problem) => {
    spoil('design_experiments', [answer, answer]);
    const result = await client.run(REQUEST);
    expect(result).toMatchObject({ state: 'completed', failures_count: 1 });
    const calls = await callsOf(result.id);
    expect(calls.filter(({ operation }) => operation === 'design/0/0')).toHaveLength(3);
    const asked = provider.requests.filter(({ body }) => body.tools[0]?.name === 'design_experiments');
    expect(asked.at(-1)?.body.messages.at(-1)?.content).toMatch(problem);
    expect(asked.at(-1)?.body.messages).toHaveLength(3);
  });

  it.each(UNUSABLE)('fails after three answers %s, and says why', async (_, answer, problem) => {
    spoil('design_experiments', [answer, answer, answer, answer]);
    const failed = await client.api.post('/research/cycle?wait=60', REQUEST);
    expect(failed.status).toBe(500);
    const told = problemIn(failed);
    expect(told).toMatchObject({
      code: 'cycle_failed',
      state: 'failed',
      success: false,
      hypotheses_count: 1,
    });
    expect(told.detail).toMatch(problem);
    expect(told.detail).toContain('design/0/0');
    const calls = await callsOf(String(told['id']));
    expect(calls.filter(({ operation }) => operation === 'design/0/0')).toHaveLength(3);
    const open = await stack.query(`SELECT key FROM cost_ledger WHERE state = 'reserved'`);
    expect(open).toEqual([]);
  });

  it('waits for a provider that is overloaded, and tells what was tried', async () => {
    spoil('propose_hypotheses', [
      { fault: 'status', status: 529 },
      { fault: 'status', status: 429, retryAfter: '1' },
      { fault: 'garbage' },
    ]);
    const result = await client.run(REQUEST);
    expect(result).toMatchObject({ state: 'completed', failures_count: 1 });
    const calls = await callsOf(result.id);
    expect(calls.slice(0, 4).map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'hypotheses error',
      'hypotheses error',
      'hypotheses error',
      'hypotheses answered',
    ]);
    const states = await stack.query<{ state: string }>(
      `SELECT state FROM cost_ledger WHERE operation = $1 ORDER BY call_number`,
      [`llm/${result.id}/hypotheses`],
    );
    expect(states.map(({ state }) => state)).toEqual(['released', 'released', 'unknown', 'settled']);
  });

  it('fails at once when the provider refuses the key', async () => {
    script = () => ({ fault: 'status', status: 401 });
    const failed = await client.api.post('/research/cycle?wait=60', REQUEST);
    expect(failed.status).toBe(500);
    const told = problemIn(failed);
    expect(told.detail).toContain('401');
    expect(await callsOf(String(told['id']))).toMatchObject([{ operation: 'hypotheses', status: 'error' }]);
    expect(provider.requests.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(stack.logs()).not.toContain(KEY);
  });

  it('has its calls within the budget of the cycle', async () => {
    const result = await client.run({ ...REQUEST, budget_usd: 0.000_5 });
    expect(result).toMatchObject({ state: 'budget_exhausted', hypotheses_count: 0 });
    expect(await callsOf(result.id)).toEqual([]);
  });
});
