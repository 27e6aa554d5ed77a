import type { ChatRequest, ToolCall } from '../../src/domain/chat';
import { costMicroUsd } from '../../src/domain/money';
import { MAX_REPLY_BYTES } from '../../src/model-http/bounded-fetch';
import type { CallError } from '../../src/ports/call-error';
import type { Target } from '../../src/ports/target';
import { TARGET_KINDS } from '../../src/targets';
import { LIVE_KINDS, type NeutralScript, type RunningEndpoint } from './contract-kinds';

const request: ChatRequest = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'How warm is it?' },
  ],
  maxOutputTokens: 64,
};
const schema = { type: 'object', properties: { room: { type: 'string' } }, required: ['room'] };
const tools = [{ name: 'thermometer', description: 'measures', parameters: schema }];
const never = new AbortController().signal;

it('every kind of target has an endpoint here, or is the demo in this process', () => {
  const covered = [...LIVE_KINDS.map(({ kind }) => kind), 'demo'];
  expect(covered.toSorted()).toEqual(Object.keys(TARGET_KINDS).toSorted());
});

describe.each(LIVE_KINDS)('a target of kind $kind', ({ kind, answeredBy, takesSeed, start }) => {
  let endpoint: RunningEndpoint;
  afterEach(() => endpoint.close());

  async function connect(script: NeutralScript, settings: object = {}): Promise<Target> {
    endpoint = await start(script);
    return endpoint.target(settings);
  }
  const failure = (target: Target, signal = never): Promise<CallError> =>
    target.chat(request, signal).then(
      () => Promise.reject(new Error('answered')),
      (error: CallError) => error,
    );

  it('says what it is told to, and answers with text, usage and model', async () => {
    const target = await connect([{ text: 'Very.' }]);
    const reply = await target.chat({ ...request, temperature: 0.5, seed: 7 }, never);
    expect(reply).toMatchObject({
      content: 'Very.',
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 100, outputTokens: 50 },
      model: answeredBy,
    });
    expect(reply.latencyMs).toBeGreaterThanOrEqual(0);
    expect(endpoint.seen).toEqual([
      {
        key: undefined,
        system: 'Be brief.',
        lastUser: 'How warm is it?',
        limit: 64,
        temperature: 0.5,
        seed: takesSeed ? 7 : undefined,
        toolNames: [],
        toolSchemas: [],
        results: [],
      },
    ]);
  });

  it('leaves out what a request does not have', async () => {
    const target = await connect([{ text: 'Hi.' }]);
    await target.chat({ messages: [{ role: 'user', content: 'Hi?' }], maxOutputTokens: 5 }, never);
    expect(endpoint.seen[0]).toMatchObject({ system: undefined, temperature: undefined, seed: undefined });
  });

  it('counts cached input once', async () => {
    const target = await connect([{ text: 'x', tokens: { in: 90, cached: 40, out: 5 } }]);
    const { usage } = await target.chat(request, never);
    expect(usage).toMatchObject({ inputTokens: 50, cacheReadTokens: 40, outputTokens: 5 });
    const price = { inputUsdPerMtok: 2, outputUsdPerMtok: 10, cacheReadUsdPerMtok: 0.5 };
    expect(costMicroUsd(usage, price)).toBe(50 * 2 + 40 * 0.5 + 5 * 10);
  });

  it('carries tools, several calls at once, and their results in one turn', async () => {
    const called = [
      { id: 'c1', name: 'thermometer', input: { room: 'attic' } },
      { id: 'c2', name: 'thermometer', input: { room: '“cellar”\n' } },
    ];
    const target = await connect([{ toolCalls: called }, { text: '21 and 12 degrees' }]);
    const first = await target.chat({ ...request, tools }, never);
    expect(first).toMatchObject({ content: '', finishReason: 'tool_calls' });
    expect(
      first.toolCalls.map(({ id, name, arguments: text }) => [id, name, JSON.parse(text) as unknown]),
    ).toEqual(called.map(({ id, name, input }) => [id, name, input]));
    await target.chat({ ...request, tools, messages: answered(first.toolCalls, ['21', '12']) }, never);
    expect(endpoint.seen[1]).toMatchObject({
      lastUser: 'How warm is it?',
      toolNames: ['thermometer'],
      toolSchemas: [schema],
      results: [
        ['c1', '21'],
        ['c2', '12'],
      ],
    });
  });

  it('takes arguments that are no object, whoever made them', async () => {
    const target = await connect([{ text: 'Sorry.' }]);
    const broken: ToolCall = { id: 'c1', name: 'thermometer', arguments: '{"room": ' };
    const messages = answered([broken], ['no such room']);
    await expect(target.chat({ ...request, tools, messages }, never)).resolves.toMatchObject({
      content: 'Sorry.',
    });
  });

  it.each([
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['unheard_of', 'other'],
  ] as const)('says that an answer ended by %s', async (finish, expected) => {
    const target = await connect([{ text: 'x', finish }]);
    expect((await target.chat(request, never)).finishReason).toBe(expected);
  });

  it('sends the key of the variable it is told, and no other, whatever the process has', async () => {
    const foreign = {
      OPENAI_API_KEY: 'o',
      OPENAI_ORG_ID: 'g',
      ANTHROPIC_API_KEY: 'a',
      ANTHROPIC_AUTH_TOKEN: 't',
    };
    Object.assign(process.env, foreign);
    try {
      await (await connect([{ text: 'x' }])).chat(request, never);
      await endpoint.target({ api_key_env: 'LOCAL_KEY' }, { LOCAL_KEY: 'k' }).chat(request, never);
      expect(endpoint.seen.map(({ key }) => key)).toEqual([undefined, 'Bearer k']);
    } finally {
      for (const name of Object.keys(foreign)) delete process.env[name];
    }
  });

  it.each([
    ['not set', {}, /LOCAL_KEY is not set/],
    ['no header', { LOCAL_KEY: 'two\nlines' }, /LOCAL_KEY holds what no header takes$/],
  ])('refuses a key that is %s, without showing it', async (_name, env, message) => {
    endpoint = await start([{ text: 'x' }]);
    expect(() => endpoint.target({ api_key_env: 'LOCAL_KEY' }, env)).toThrow(message);
  });

  it.each([
    ['429', { fault: 'status', status: 429, retryAfter: '2' }, 'rate_limited', true, false, 2_000],
    ['500', { fault: 'status', status: 500 }, 'unavailable', true, false, undefined],
    ['503', { fault: 'status', status: 503, retryAfter: '3' }, 'unavailable', true, false, 3_000],
    ['504', { fault: 'status', status: 504 }, 'unavailable', true, true, undefined],
    ['400', { fault: 'status', status: 400 }, 'refused', false, false, undefined],
    ['401', { fault: 'status', status: 401 }, 'refused', false, false, undefined],
    ['404, a wrong model', { fault: 'status', status: 404 }, 'refused', false, false, undefined],
    ['a redirect', { fault: 'status', status: 302 }, 'refused', false, false, undefined],
    ['garbage', { fault: 'garbage' }, 'invalid_reply', true, true, undefined],
    [
      'JSON of another form',
      { fault: 'raw', body: '{"hello": [1]}' },
      'invalid_reply',
      true,
      true,
      undefined,
    ],
    ['no object', { fault: 'raw', body: '7' }, 'invalid_reply', true, true, undefined],
    ['a broken body', { fault: 'truncated' }, 'timeout', true, true, undefined],
    ['a reset', { fault: 'reset' }, 'timeout', true, true, undefined],
    [
      'too much',
      { fault: 'raw', body: ' '.repeat(MAX_REPLY_BYTES + 1) },
      'invalid_reply',
      false,
      true,
      undefined,
    ],
  ] as const)('maps %s', async (_name, fault, errorKind, retryable, maybeBilled, retryAfterMs) => {
    const error = await failure(await connect([fault]));
    expect(error).toMatchObject({ name: 'CallError', kind: errorKind, options: { retryable, maybeBilled } });
    expect(error.options.retryAfterMs).toBe(retryAfterMs);
    expect(endpoint.calls).toBe(1);
  });

  it.each(['hang', 'stall'] as const)('times out when the endpoint falls silent (%s)', async (fault) => {
    const target = await connect([{ fault }], { timeout_seconds: 0.1 });
    expect(await failure(target)).toMatchObject({ kind: 'timeout', options: { maybeBilled: true } });
  });

  it('ends at once when the caller aborts', async () => {
    const controller = new AbortController();
    const target = await connect(() => {
      controller.abort();
      return { fault: 'hang' };
    });
    expect(await failure(target, controller.signal)).toMatchObject({
      kind: 'aborted',
      options: { maybeBilled: true },
    });
    expect(await failure(target, controller.signal)).toMatchObject({
      kind: 'aborted',
      options: { maybeBilled: false },
    });
    expect(endpoint.calls).toBe(1);
  });

  it('says when nothing listens', async () => {
    const target = await connect([{ text: 'x' }]);
    await endpoint.close();
    expect(await failure(target)).toMatchObject({ kind: 'unavailable', options: { maybeBilled: false } });
    endpoint = await start([{ text: 'x' }]);
  });

  it('keeps to its concurrency, over all callers', async () => {
    let underWay = 0;
    let most = 0;
    const target = await connect(
      async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setTimeout(resolve, 20));
        underWay -= 1;
        return { text: 'x' };
      },
      { max_concurrency: 2 },
    );
    await Promise.all(Array.from({ length: 7 }, () => target.chat(request, never)));
    expect(endpoint.calls).toBe(7);
    expect(most).toBe(2);
  });

  it('lets nobody call before the time that Retry-After names', async () => {
    const calledAt: number[] = [];
    const target = await connect((_seen, call) => {
      calledAt.push(performance.now());
      return call === 0 ? { fault: 'status', status: 429, retryAfter: '1' } : { text: 'x' };
    });
    await failure(target);
    await Promise.all([target.chat(request, never), target.chat(request, never)]);
    const [refused = 0, ...later] = calledAt;
    expect(later).toHaveLength(2);
    for (const at of later) expect(at - refused).toBeGreaterThanOrEqual(990);
  });

  it('describes itself by its settings', async () => {
    const own = {
      name: 'look_up',
      description: 'finds an order',
      parameters: schema,
      results: ['none', { a: 1 }],
    };
    const target = await connect([{ text: 'x' }], {
      system_prompt: 'You sell tea.',
      temperature: 0.3,
      max_output_tokens: 99,
      price: { input_usd_per_mtok: 1, output_usd_per_mtok: 2, cache_read_usd_per_mtok: 0.1 },
      tools: [own],
    });
    expect(target.describe).toEqual({
      name: 'live',
      kind,
      model: kind === 'http' ? 'live' : 'tiny',
      description: expect.any(String) as unknown,
      simulated: false,
      realTools: false,
      price: { inputUsdPerMtok: 1, outputUsdPerMtok: 2, cacheReadUsdPerMtok: 0.1 },
      tools: [{ ...own, results: ['none', '{"a":1}'] }],
      configuration: {
        systemPrompt: 'You sell tea.',
        temperature: 0.3,
        maxOutputTokens: 99,
        inputGuardrails: [],
        outputGuardrails: [],
        toolPolicies: [],
        retrieval: {},
      },
    });
  });

  const TOOL = { name: 'a', description: 'b', parameters: { type: 'object' }, results: ['x'] };
  it.each([
    ['a setting we do not know', { api_key: 'secret' }],
    ['a rate of nothing', { requests_per_minute: 0 }],
    ['a concurrency of nothing', { max_concurrency: 0 }],
    ['a tool twice', { tools: [TOOL, TOOL] }],
    ['a tool without results', { tools: [{ ...TOOL, results: [] }] }],
    ['a tool whose parameters are no object', { tools: [{ ...TOOL, parameters: { type: 'string' } }] }],
    ['a tool with a name no provider takes', { tools: [{ ...TOOL, name: 'über tool' }] }],
  ])('refuses %s', async (_name, settings) => {
    endpoint = await start([{ text: 'x' }]);
    expect(() => endpoint.target(settings)).toThrow(/^target live: /);
  });
});

function answered(toolCalls: readonly ToolCall[], results: readonly string[]): ChatRequest['messages'] {
  return [
    ...request.messages,
    { role: 'assistant', content: '', toolCalls },
    ...toolCalls.map(({ id, name }, index) => ({
      role: 'tool' as const,
      content: results[index] ?? '',
      toolCallId: id,
      name,
    })),
  ];
}
