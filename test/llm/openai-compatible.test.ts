import { costMicroUsd } from '../../src/domain/money';
import { LLM_PROVIDERS } from '../../src/llm';
import { MAX_REPLY_BYTES } from '../../src/model-http/bounded-fetch';
import type { CallError } from '../../src/ports/call-error';
import type { Llm, LlmRequest } from '../../src/ports/llm';
import { startOpenAiServer, type OpenAiScript, type OpenAiServer } from '../support/openai-server';
import type { Fault, ServerOptions } from '../support/protocol-server';

const request: LlmRequest = {
  system: 'You look for failures.',
  messages: [{ role: 'user', content: 'Propose one.' }],
  answer: {
    name: 'propose',
    schema: { type: 'object', properties: { idea: { type: 'string' } }, required: ['idea'] },
  },
  maxOutputTokens: 1_000,
};
const IDEA = '{"idea":"leak"}';
const never = new AbortController().signal;

const refusing = (message: string, status = 400): Fault => ({
  fault: 'raw',
  status,
  body: JSON.stringify({ error: { message, type: 'invalid_request_error' } }),
});

describe('the openai provider', () => {
  let server: OpenAiServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function connect(script: OpenAiScript, options?: ServerOptions, given: object = {}): Promise<Llm> {
    server = await startOpenAiServer(script, options);
    const provider = LLM_PROVIDERS.openai;
    const settings = { provider: 'ollama', model: 'tiny', base_url: server.url, ...given };
    return provider.create(provider.settings.parse(settings));
  }
  function sent(call: number): OpenAiServer['requests'][number] {
    const found = server?.requests[call];
    if (found === undefined) throw new Error(`no call ${call}`);
    return found;
  }
  const failure = (llm: Llm, signal = never): Promise<CallError> =>
    llm.ask(request, signal).then(
      () => Promise.reject(new Error('answered')),
      (error: CallError) => error,
    );

  it('asks for JSON of the schema after a system prompt that stays the same, and bills cached tokens once', async () => {
    const usage = {
      prompt_tokens: 900,
      completion_tokens: 20,
      prompt_tokens_details: { cached_tokens: 800 },
    };
    const llm = await connect([{ content: IDEA, usage }], {}, { api_key: 'k' });
    const reply = await llm.ask(request, never);
    expect(reply).toMatchObject({
      output: { idea: 'leak' },
      rawText: IDEA,
      stopReason: 'answered',
      model: 'tiny',
      usage: { inputTokens: 100, cacheReadTokens: 800, outputTokens: 20 },
    });
    const price = { inputUsdPerMtok: 2, outputUsdPerMtok: 8, cacheReadUsdPerMtok: 0.5 };
    expect(costMicroUsd(reply.usage, price)).toBe(100 * 2 + 800 * 0.5 + 20 * 8);

    await llm.ask({ ...request, messages: [{ role: 'user', content: 'Another.' }] }, never);
    const [first, second] = [sent(0), sent(1)];
    expect(first.headers.authorization).toBe('Bearer k');
    expect(first.body).toMatchObject({
      model: 'tiny',
      max_tokens: 1_000,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'propose', schema: request.answer.schema },
      },
    });
    expect(first.body.messages[0]?.content).toMatch(
      /^You look for failures\.\n\nAnswer with one JSON object/,
    );
    expect(first.body.messages[0]?.content).toContain(JSON.stringify(request.answer.schema));
    expect(second.body.messages[0]).toEqual(first.body.messages[0]);
  });

  it('is named by its provider, has no price of its own, and sends no key where none is set', async () => {
    process.env['OPENAI_API_KEY'] = 'not-for-this-endpoint';
    try {
      const llm = await connect([{ content: IDEA }]);
      await llm.ask(request, never);
      expect(llm).toMatchObject({ provider: 'ollama', model: 'tiny' });
      expect(llm.price).toBeUndefined();
      expect(server?.requests[0]?.headers.authorization).toBeUndefined();
    } finally {
      delete process.env['OPENAI_API_KEY'];
    }
  });

  describe('where the endpoint does not take a schema', () => {
    const asked = (): (string | undefined)[] =>
      server?.requests.map(({ body }) =>
        body['response_format'] ? 'json_schema' : body.tools ? 'tool' : 'text',
      ) ?? [];

    it('goes on to a tool, and remembers', async () => {
      const llm = await connect((body) =>
        body['response_format']
          ? refusing('This model does not support response format `json_schema`.')
          : { toolCalls: [{ name: 'propose', arguments: IDEA }] },
      );
      for (let time = 0; time < 2; time += 1) {
        expect(await llm.ask(request, never)).toMatchObject({
          output: { idea: 'leak' },
          stopReason: 'answered',
        });
      }
      expect(asked()).toEqual(['json_schema', 'tool', 'tool']);
      expect(server?.requests[1]?.body).toMatchObject({
        tools: [{ function: { name: 'propose', parameters: request.answer.schema } }],
        tool_choice: { type: 'function', function: { name: 'propose' } },
      });
    });

    it.each([
      ['a refusal', 400, 'tiny does not support tools'],
      ['an error of its own', 500, 'tools param requires --jinja flag'],
    ])('goes on to JSON in text after %s', async (_name, status, message) => {
      const llm = await connect((body) => {
        if (body['response_format']) return refusing('failed to parse grammar', status);
        return body.tools ? refusing(message, status) : { content: `Sure:\n\`\`\`json\n${IDEA}\n\`\`\`` };
      });
      for (let time = 0; time < 2; time += 1)
        expect((await llm.ask(request, never)).output).toEqual({ idea: 'leak' });
      expect(asked()).toEqual(['json_schema', 'tool', 'text', 'text']);
    });

    it('does not go on after refusals for other reasons, nor remembers what did not work', async () => {
      const llm = await connect([refusing('The model `tiny` does not exist', 404), { content: IDEA }]);
      expect(await failure(llm)).toMatchObject({ kind: 'refused', options: { retryable: false } });
      expect((await llm.ask(request, never)).output).toEqual({ idea: 'leak' });
      expect(asked()).toEqual(['json_schema', 'json_schema']);
    });

    it('tells the last refusal when nothing works, and begins anew the next time', async () => {
      const llm = await connect(() => refusing('no tools, no response_format, nothing'));
      for (let time = 0; time < 2; time += 1) expect(await failure(llm)).toMatchObject({ kind: 'refused' });
      expect(asked()).toEqual(['json_schema', 'tool', 'text', 'json_schema', 'tool', 'text']);
    });

    it('takes an answer that the endpoint found wrong itself as one that cannot be read', async () => {
      const llm = await connect([
        refusing("Failed to generate JSON. See 'failed_generation' for more details."),
      ]);
      expect(await failure(llm)).toMatchObject({
        kind: 'invalid_reply',
        options: { retryable: true, maybeBilled: true },
      });
      expect(server?.calls).toBe(1);
    });
  });

  it.each([
    ['thoughts before it', `<think>maybe {"idea":"draft"}</think>\n${IDEA}`, { idea: 'leak' }],
    ['words around it', `Here: {"idea":"a } in \\"text\\""} — good?`, { idea: 'a } in "text"' }],
    ['a draft before it', `{"idea":"draft"}\nBetter:\n${IDEA}`, { idea: 'leak' }],
    ['a stray brace before it', `The set {1, 2 is\n${IDEA}`, { idea: 'leak' }],
    ['no JSON', 'Sorry?', 'Sorry?'],
    ['JSON that was cut', '{"idea":"le', '{"idea":"le'],
    ['nothing', '', ''],
  ])('reads an answer with %s', async (_name, content, output) => {
    const llm = await connect([{ content }]);
    expect(await llm.ask(request, never)).toMatchObject({ output, rawText: content });
  });

  it('reads a text full of braces in no time', async () => {
    const llm = await connect([{ content: '{'.repeat(500_000) }]);
    const startedAt = performance.now();
    await llm.ask(request, never);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it.each([
    ['a cut answer', { content: '{', finishReason: 'length' }, 'length'],
    ['a filtered one', { content: '', finishReason: 'content_filter' }, 'refusal'],
    ['another end', { content: IDEA, finishReason: 'eos' }, 'other'],
  ])('says how %s ended', async (_name, answer, stopReason) => {
    expect(await (await connect([answer])).ask(request, never)).toMatchObject({ stopReason });
  });

  it('reads a refusal, and an answer without usage or model', async () => {
    const body = (message: object): string =>
      JSON.stringify({ choices: [{ message, finish_reason: 'stop' }] });
    const llm = await connect([
      { fault: 'raw', body: body({ content: null, refusal: 'I cannot.' }) },
      { fault: 'raw', body: body({ content: IDEA }) },
    ]);
    expect(await llm.ask(request, never)).toMatchObject({ stopReason: 'refusal', rawText: 'I cannot.' });
    expect(await llm.ask(request, never)).toMatchObject({
      output: { idea: 'leak' },
      model: 'tiny',
      usage: { inputTokens: 0, outputTokens: 0 },
      usageReported: false,
    });
  });

  it.each([
    ['429', { fault: 'status', status: 429, retryAfter: '7' }, 'rate_limited', true, false, 7_000],
    ['500', { fault: 'status', status: 500 }, 'unavailable', true, false, undefined],
    ['504', { fault: 'status', status: 504 }, 'unavailable', true, true, undefined],
    ['401', { fault: 'status', status: 401 }, 'refused', false, false, undefined],
    ['404, a wrong model', { fault: 'status', status: 404 }, 'refused', false, false, undefined],
    ['garbage', { fault: 'garbage' }, 'invalid_reply', true, true, undefined],
    ['JSON of another kind', { fault: 'raw', body: '{"hello":1}' }, 'invalid_reply', true, true, undefined],
    ['a broken body', { fault: 'truncated' }, 'timeout', true, true, undefined],
    ['a reset', { fault: 'reset' }, 'timeout', true, true, undefined],
    [
      'too much',
      { fault: 'raw', body: `"${'x'.repeat(MAX_REPLY_BYTES)}"` },
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
    const llm = await connect([{ fault }], {}, { timeout_seconds: 0.1 });
    expect(await failure(llm)).toMatchObject({ kind: 'timeout', options: { maybeBilled: true } });
  });

  it('ends at once when the caller aborts', async () => {
    const controller = new AbortController();
    const llm = await connect(() => {
      controller.abort();
      return { fault: 'hang' };
    });
    expect(await failure(llm, controller.signal)).toMatchObject({
      kind: 'aborted',
      options: { maybeBilled: true },
    });
    expect(await failure(llm, controller.signal)).toMatchObject({
      kind: 'aborted',
      options: { maybeBilled: false },
    });
    expect(server?.calls).toBe(1);
  });

  it('asks the models endpoint whether it is available', async () => {
    const up = await connect([{ content: IDEA }]);
    expect(await up.available(never)).toBe(true);
    expect(server?.calls).toBe(0);
    await server?.close();
    expect(await up.available(never)).toBe(false);
    const down = await connect([{ content: IDEA }], { modelsStatus: 401 });
    expect(await down.available(never)).toBe(false);
  });
});
