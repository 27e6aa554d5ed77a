import { z } from 'zod';
import { PROMPT_VERSION } from '../../src/researcher/prompts/role';
import { startOpenAiServer, type OpenAiAnswer, type OpenAiServer } from '../support/openai-server';
import type { Fault } from '../support/protocol-server';
import { problemIn } from '../api/api-client';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL } from './research-client';
import { goodAnswer } from './scripted-claude';

jest.setTimeout(60_000);

const KEY = 'test-key-0815';
const MODEL = 'small-model';
const USAGE = {
  prompt_tokens: 5_000,
  completion_tokens: 200,
  prompt_tokens_details: { cached_tokens: 4_000 },
};
const REQUEST = { ...SMALL, target: 'shop', replay_pairs: 12 };

/** As a small model behind a small server: no schemas, no tools, thoughts and a fence around the JSON. */
const question = z.looseObject({
  response_format: z.object({}).optional(),
  tools: z.array(z.unknown()).optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.string().nullish() })),
});

describe('a small OpenAI-compatible model as the researcher', () => {
  let provider: OpenAiServer;
  let spoilt: (OpenAiAnswer | Fault)[] = [];
  let stack: Stack;
  let client: ResearchClient;

  beforeAll(async () => {
    provider = await startOpenAiServer((body) => {
      const asked = question.parse(body);
      if (asked.response_format !== undefined) return refusing('response_format is not supported');
      if (asked.tools !== undefined) return refusing(`${MODEL} does not support tools`);
      return spoilt.shift() ?? { content: answerTo(asked), usage: USAGE };
    });
    stack = await startStack({
      env: {
        TINMAN_RESEARCHER: 'openai',
        OPENAI_API_KEY: KEY,
        OPENAI_BASE_URL: provider.url,
        TINMAN_OPENAI_MODEL: MODEL,
      },
      settings: {
        targets: { shop: { kind: 'demo', faults: ['decimal_versions'] } },
        cost: {
          prices: {
            [MODEL]: { input_usd_per_mtok: 2, output_usd_per_mtok: 8, cache_read_usd_per_mtok: 0.5 },
          },
        },
      },
    });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await provider.close();
  });
  beforeEach(() => (spoilt = []));

  const callsOf = (cycleId: string) =>
    stack.query<{
      operation: string;
      status: string;
      provider: string;
      model: string;
      prompt_version: string;
    }>(
      `SELECT operation, status, provider, model, prompt_version FROM llm_calls
       WHERE cycle_id = $1 ORDER BY created_at`,
      [cycleId],
    );

  it('answers every phase from JSON in text, each call kept with its prompt version and billed once', async () => {
    const result = await client.run(REQUEST);
    expect(result).toMatchObject({ state: 'completed', success: true, failures_count: 1 });
    expect(result.hypotheses).toMatchObject([{ researcher: `openai-compatible:${MODEL}` }]);
    expect(result.interventions).toMatchObject([
      { type: 'prompt_patch', simulation: { verdict: 'improved' } },
    ]);

    const calls = await callsOf(result.id);
    const paraphrase = `paraphrase/${result.failures[0]?.id}`;
    const operations = ['hypotheses', 'design/0/0', 'explain/0', 'interventions/0', paraphrase];
    expect(calls.map(({ operation }) => operation)).toEqual(operations);
    for (const call of calls) {
      expect(call).toMatchObject({
        status: 'answered',
        provider: 'openai-compatible',
        model: MODEL,
        prompt_version: PROMPT_VERSION,
      });
    }
    const bill = 1_000 * 2 + 4_000 * 0.5 + 200 * 8;
    const booked = await stack.query(
      `SELECT state, settled_micro_usd::int AS bill, input_tokens, output_tokens,
         settled_micro_usd <= reserved_micro_usd AS within
       FROM cost_ledger WHERE cycle_id = $1 AND source = 'researcher'`,
      [result.id],
    );
    expect(booked).toEqual(
      operations.map(() => ({
        state: 'settled',
        bill,
        input_tokens: 5_000,
        output_tokens: 200,
        within: true,
      })),
    );
    expect(provider.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(stack.logs()).not.toContain(KEY);
  });

  it('is told to the state and health of the service', async () => {
    expect(await client.get('/status')).toMatchObject({ has_llm: true });
    expect(await client.get('/health')).toMatchObject({ status: 'healthy', llm_available: true });
  });

  it('is waited for when it is busy, and asked again when its answer cannot be read', async () => {
    spoilt = [
      { fault: 'status', status: 429, retryAfter: '1' },
      { content: 'I would rather write a poem.', usage: USAGE },
      { content: '{"hypotheses": [', finishReason: 'length', usage: USAGE },
    ];
    const result = await client.run(REQUEST);
    expect(result).toMatchObject({ state: 'completed', failures_count: 1 });
    const calls = await callsOf(result.id);
    expect(calls.slice(0, 4).map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'hypotheses error',
      'hypotheses answered',
      'hypotheses answered',
      'hypotheses answered',
    ]);
    expect(provider.requests.at(-5)?.body.messages.at(-1)?.content).toMatch(/cut off/);
  });

  it('is charged at the upper bound when it tells no usage', async () => {
    spoilt = [{ content: 'No.', usage: null }];
    const result = await client.run(REQUEST);
    const [first] = await stack.query<{ state: string; whole: boolean }>(
      `SELECT state, settled_micro_usd = reserved_micro_usd AS whole FROM cost_ledger
       WHERE operation = $1 ORDER BY call_number LIMIT 1`,
      [`llm/${result.id}/hypotheses`],
    );
    expect(first).toEqual({ state: 'unknown', whole: true });
  });

  it('fails the cycle at once when there is no such model', async () => {
    spoilt = [
      {
        fault: 'raw',
        status: 404,
        body: JSON.stringify({ error: { message: `The model ${MODEL} does not exist` } }),
      },
    ];
    const failed = await client.api.post('/research/cycle?wait=60', REQUEST);
    expect(failed.status).toBe(500);
    expect(problemIn(failed).detail).toContain(`The model ${MODEL} does not exist`);
  });
});

function refusing(message: string): Fault {
  return { fault: 'raw', status: 400, body: JSON.stringify({ error: { message } }) };
}

/** The answer a good model gives, told apart by what the schema in its system message asks for. */
function answerTo({ messages }: z.infer<typeof question>): string {
  const system = messages[0]?.content ?? '';
  const schema = system.slice(system.lastIndexOf('JSON Schema:'));
  const [, name = ''] = /"(hypotheses|designs|rootCause|interventions|paraphrases)"/.exec(schema) ?? [];
  const tools = {
    hypotheses: 'propose_hypotheses',
    designs: 'design_experiments',
    rootCause: 'explain_failure',
    interventions: 'propose_interventions',
    paraphrases: 'paraphrase',
  };
  const tool = Object.entries(tools).find(([asked]) => asked === name)?.[1] ?? '';
  const prompt = messages.slice(1).map(({ content }) => ({ content: content ?? '' }));
  const { output } = goodAnswer({ tools: [{ name: tool }], messages: prompt });
  return `<think>They want {JSON}.</think>\n\`\`\`json\n${JSON.stringify(output)}\n\`\`\``;
}
