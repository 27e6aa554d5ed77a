import type { ChatRequest } from '../../src/domain/chat';
import { MAX_REPLY_BYTES } from '../../src/model-http/bounded-fetch';
import type { CallError } from '../../src/ports/call-error';
import type { Target } from '../../src/ports/target';
import { openai } from '../../src/targets/openai';
import { startOpenAiServer, type OpenAiScript, type OpenAiServer } from '../support/openai-server';

const request: ChatRequest = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'How warm is it?' },
  ],
  maxOutputTokens: 64,
};
const never = new AbortController().signal;

describe('an openai target', () => {
  let server: OpenAiServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function connect(
    script: OpenAiScript,
    settings: object = {},
    env: Record<string, string> = {},
  ): Promise<Target> {
    server = await startOpenAiServer(script);
    return openai.create('local', { kind: 'openai', base_url: server.url, model: 'tiny', ...settings }, env);
  }
  const failure = (target: Target, signal = never): Promise<CallError> =>
    target.chat(request, signal).then(
      () => Promise.reject(new Error('answered')),
      (error: CallError) => error,
    );

  it('answers with content, usage and the model', async () => {
    const target = await connect([{ content: 'Very.' }]);
    const reply = await target.chat({ ...request, temperature: 0, seed: 7 }, never);
    expect(reply).toEqual({
      content: 'Very.',
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 100, outputTokens: 50 },
      model: 'tiny',
      latencyMs: expect.any(Number) as unknown,
    });
    expect(server?.requests[0]?.body).toEqual({
      model: 'tiny',
      messages: request.messages,
      max_tokens: 64,
      temperature: 0,
      seed: 7,
    });
  });

  it('carries tools, tool calls and their results', async () => {
    const target = await connect([
      { toolCalls: [{ id: 'c1', name: 'thermometer', arguments: '{"room": ' }] },
      { content: '21 degrees' },
    ]);
    const tools = [{ name: 'thermometer', description: 'measures', parameters: { type: 'object' } }];
    const first = await target.chat({ ...request, tools }, never);
    expect(first).toMatchObject({ content: '', finishReason: 'tool_calls' });
    expect(first.toolCalls).toEqual([{ id: 'c1', name: 'thermometer', arguments: '{"room": ' }]);
    await target.chat(
      {
        ...request,
        tools,
        messages: [
          ...request.messages,
          { role: 'assistant', content: '', toolCalls: first.toolCalls },
          { role: 'tool', content: '21', toolCallId: 'c1', name: 'thermometer' },
        ],
      },
      never,
    );
    const sent = server?.requests[1]?.body;
    expect(sent?.tools).toEqual([{ type: 'function', function: tools[0] }]);
    expect(sent?.messages.slice(2)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'thermometer', arguments: '{"room": ' } },
        ],
      },
      { role: 'tool', content: '21', tool_call_id: 'c1' },
    ]);
  });

  it('says when the endpoint told no usage, and counts cached input apart', async () => {
    const unreported = await connect([{ content: '', usage: null }]);
    expect(await unreported.chat(request, never)).toMatchObject({
      usage: { inputTokens: 0, outputTokens: 0 },
      usageReported: false,
    });
    await server?.close();
    const cached = await connect([
      {
        fault: 'raw',
        body: JSON.stringify({
          choices: [{ message: { content: 'x' } }],
          usage: { prompt_tokens: 90, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 40 } },
        }),
      },
    ]);
    expect(await cached.chat(request, never)).toMatchObject({
      usage: { inputTokens: 50, outputTokens: 5, cacheReadTokens: 40 },
      finishReason: 'other',
      model: 'tiny',
    });
  });

  it.each([
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['eos_token', 'other'],
  ])('maps the finish reason %s', async (finishReason, expected) => {
    const target = await connect([{ content: 'x', finishReason }]);
    expect((await target.chat(request, never)).finishReason).toBe(expected);
  });

  it('sends the key it is told to, and none otherwise, whatever the environment of the process holds', async () => {
    process.env['OPENAI_API_KEY'] = 'not-for-this-endpoint';
    process.env['OPENAI_ORG_ID'] = 'org';
    try {
      await (await connect([{ content: 'x' }])).chat(request, never);
      expect(server?.requests[0]?.headers.authorization).toBeUndefined();
      expect(server?.requests[0]?.headers['openai-organization']).toBeUndefined();
      await server?.close();
      const keyed = await connect([{ content: 'x' }], { api_key_env: 'LOCAL_KEY' }, { LOCAL_KEY: 'k' });
      await keyed.chat(request, never);
      expect(server?.requests[0]?.headers.authorization).toBe('Bearer k');
    } finally {
      delete process.env['OPENAI_API_KEY'];
      delete process.env['OPENAI_ORG_ID'];
    }
  });

  it.each([
    ['429', { fault: 'status', status: 429, retryAfter: '2' }, 'rate_limited', true, false, 2_000],
    ['500', { fault: 'status', status: 500 }, 'unavailable', true, false, undefined],
    ['503', { fault: 'status', status: 503, retryAfter: '3' }, 'unavailable', true, false, 3_000],
    ['404', { fault: 'status', status: 404 }, 'refused', false, false, undefined],
    ['garbage', { fault: 'garbage' }, 'invalid_reply', true, true, undefined],
    ['no choices', { fault: 'raw', body: '{"choices":[]}' }, 'invalid_reply', true, true, undefined],
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
  ] as const)('maps %s', async (_name, fault, kind, retryable, maybeBilled, retryAfterMs) => {
    const error = await failure(await connect([fault]));
    expect(error).toMatchObject({ name: 'CallError', kind, options: { retryable, maybeBilled } });
    expect(error.options.retryAfterMs).toBe(retryAfterMs);
    expect(server?.calls).toBe(1);
  });

  it.each(['hang', 'stall'] as const)('times out when the server falls silent (%s)', async (fault) => {
    const target = await connect([{ fault }], { timeout_seconds: 0.1 });
    expect(await failure(target)).toMatchObject({ kind: 'timeout', options: { maybeBilled: true } });
  });

  it('ends at once when the caller aborts, and says when nothing listens', async () => {
    const controller = new AbortController();
    const target = await connect(() => {
      controller.abort();
      return { fault: 'hang' };
    });
    expect(await failure(target, controller.signal)).toMatchObject({
      kind: 'aborted',
      options: { maybeBilled: true },
    });
    await server?.close();
    expect(await failure(target)).toMatchObject({ kind: 'unavailable', options: { maybeBilled: false } });
    server = undefined;
  });

  it('describes itself by its settings', async () => {
    const target = await connect([{ content: 'x' }], {
      system_prompt: 'You sell tea.',
      price: { input_usd_per_mtok: 1, output_usd_per_mtok: 2 },
    });
    expect(target.describe).toMatchObject({
      name: 'local',
      kind: 'openai',
      model: 'tiny',
      simulated: false,
      price: { inputUsdPerMtok: 1, outputUsdPerMtok: 2 },
      configuration: { systemPrompt: 'You sell tea.', maxOutputTokens: 512 },
    });
  });
});
