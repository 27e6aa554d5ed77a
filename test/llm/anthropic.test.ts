import { costMicroUsd } from '../../src/domain/money';
import { LLM_PROVIDERS } from '../../src/llm';
import { MAX_REPLY_BYTES } from '../../src/model-http/bounded-fetch';
import type { CallError } from '../../src/ports/call-error';
import type { Llm, LlmRequest } from '../../src/ports/llm';
import {
  startAnthropicServer,
  type AnthropicScript,
  type AnthropicServer,
} from '../support/anthropic-server';
import type { ServerOptions } from '../support/protocol-server';

const request: LlmRequest = {
  system: 'You look for failures.',
  messages: [{ role: 'user', content: 'Propose one.' }],
  answer: {
    name: 'propose',
    schema: { type: 'object', properties: { idea: { type: 'string' } }, required: ['idea'] },
  },
  maxOutputTokens: 1_000,
};
const never = new AbortController().signal;

describe('the anthropic provider', () => {
  let server: AnthropicServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function connect(
    script: AnthropicScript,
    options?: ServerOptions,
    timeoutSeconds = 30,
  ): Promise<Llm> {
    server = await startAnthropicServer(script, options);
    return llmAt(server.url, timeoutSeconds);
  }
  function llmAt(url: string, timeoutSeconds = 30): Llm {
    const provider = LLM_PROVIDERS.anthropic;
    return provider.create(
      provider.settings.parse({
        api_key: 'test-key',
        model: 'claude-haiku-4-5-20251001',
        base_url: url,
        timeout_seconds: timeoutSeconds,
      }),
    );
  }
  const failure = (llm: Llm, signal = never): Promise<CallError> =>
    llm.ask(request, signal).then(
      () => Promise.reject(new Error('answered')),
      (error: CallError) => error,
    );

  it('returns the input of the answer tool with usage, and bills it by the list price', async () => {
    const llm = await connect([
      {
        output: { idea: 'leak' },
        usage: {
          input_tokens: 10,
          output_tokens: 20,
          cache_read_input_tokens: 1_000,
          cache_creation_input_tokens: 100,
        },
      },
    ]);
    const reply = await llm.ask(request, never);
    expect(reply).toMatchObject({
      output: { idea: 'leak' },
      rawText: '{"idea":"leak"}',
      stopReason: 'answered',
      model: 'claude-haiku-4-5-20251001',
      usage: { inputTokens: 10, outputTokens: 20, cacheReadTokens: 1_000, cacheWriteTokens: 100 },
    });
    // 10 × 1 + 20 × 5 + 1,000 × 0.10 + 100 × 1.25
    expect(llm.price && costMicroUsd(reply.usage, llm.price)).toBe(335);
  });

  it('offers one tool with the schema, unforced, after a cached system prompt, with the key', async () => {
    const llm = await connect([{ output: {} }]);
    await llm.ask(request, never);
    const [sent] = server?.requests ?? [];
    expect(sent?.headers.authorization).toBe('Bearer test-key');
    expect(sent?.body).toMatchObject({
      max_tokens: 1_000,
      tools: [{ name: 'propose', input_schema: request.answer.schema }],
      tool_choice: { type: 'auto' },
      messages: [{ role: 'user', content: 'Propose one.' }],
    });
    expect(sent?.body.system).toHaveLength(1);
    expect(sent?.body.system[0]?.cache_control).toEqual({ type: 'ephemeral' });
    expect(sent?.body.system[0]?.text).toMatch(/^You look for failures\..*calling the tool propose/s);
  });

  it.each([
    ['text that is JSON', { text: '{"idea":"x"}' }, { output: { idea: 'x' }, stopReason: 'answered' }],
    ['text that is not', { text: 'Sorry?' }, { output: 'Sorry?', rawText: 'Sorry?', stopReason: 'answered' }],
    ['a cut answer', { output: {}, stopReason: 'max_tokens' }, { output: {}, stopReason: 'length' }],
    ['a refusal', { text: 'No.', stopReason: 'refusal' }, { output: 'No.', stopReason: 'refusal' }],
    ['another end', { text: '', stopReason: 'pause_turn' }, { output: '', stopReason: 'other' }],
  ])('reads %s', async (_name, answer, expected) => {
    const llm = await connect([answer]);
    expect(await llm.ask(request, never)).toMatchObject(expected);
  });

  it.each([
    ['429', { fault: 'status', status: 429 }, 'rate_limited', true, false],
    ['500', { fault: 'status', status: 500 }, 'unavailable', true, false],
    ['529', { fault: 'status', status: 529 }, 'unavailable', true, false],
    ['408', { fault: 'status', status: 408 }, 'unavailable', true, true],
    ['504', { fault: 'status', status: 504 }, 'unavailable', true, true],
    ['400', { fault: 'status', status: 400 }, 'refused', false, false],
    ['401', { fault: 'status', status: 401 }, 'refused', false, false],
    ['garbage', { fault: 'garbage' }, 'invalid_reply', true, true],
    ['JSON of another kind', { fault: 'raw', body: '{"hello":1}' }, 'invalid_reply', true, true],
    ['a broken body', { fault: 'truncated' }, 'timeout', true, true],
    ['a reset', { fault: 'reset' }, 'timeout', true, true],
    ['too much', { fault: 'raw', body: `"${'x'.repeat(MAX_REPLY_BYTES)}"` }, 'invalid_reply', false, true],
  ] as const)('maps %s', async (_name, fault, kind, retryable, maybeBilled) => {
    const llm = await connect([fault]);
    const error = await failure(llm);
    expect(error).toMatchObject({ name: 'CallError', kind, options: { retryable, maybeBilled } });
    expect(server?.calls).toBe(1);
  });

  it.each(['hang', 'stall'] as const)('times out when the server falls silent (%s)', async (fault) => {
    const llm = await connect([{ fault }], {}, 0.1);
    expect(await failure(llm)).toMatchObject({
      kind: 'timeout',
      options: { retryable: true, maybeBilled: true },
    });
  });

  it('takes Retry-After in seconds and as a date', async () => {
    const inSeconds = await failure(await connect([{ fault: 'status', status: 429, retryAfter: '7' }]));
    expect(inSeconds.options.retryAfterMs).toBe(7_000);
    await server?.close();
    const date = new Date(Date.now() + 60_000).toUTCString();
    const untilDate = await failure(await connect([{ fault: 'status', status: 503, retryAfter: date }]));
    expect(untilDate.options.retryAfterMs).toBeGreaterThan(50_000);
    expect(untilDate.options.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('says that nothing listens', async () => {
    const llm = await connect([{ output: {} }]);
    await server?.close();
    expect(await failure(llm)).toMatchObject({
      kind: 'unavailable',
      options: { retryable: true, maybeBilled: false },
    });
    server = undefined;
  });

  it('ends at once when the caller aborts', async () => {
    const controller = new AbortController();
    const llm = await connect(() => {
      controller.abort();
      return { fault: 'hang' };
    });
    expect(await failure(llm, controller.signal)).toMatchObject({
      kind: 'aborted',
      options: { retryable: false, maybeBilled: true },
    });
    const beforeTheCall = await failure(llm, controller.signal);
    expect(beforeTheCall).toMatchObject({ kind: 'aborted', options: { maybeBilled: false } });
    expect(server?.calls).toBe(1);
  });

  it('asks the models endpoint whether it is available', async () => {
    const up = await connect([{ output: {} }]);
    expect(await up.available(never)).toBe(true);
    expect(server?.calls).toBe(0);
    await server?.close();
    expect(await up.available(never)).toBe(false);
    const down = await connect([{ output: {} }], { modelsStatus: 503 });
    expect(await down.available(never)).toBe(false);
  });
});
