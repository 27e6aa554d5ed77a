import type { ChatRequest } from '../../src/domain/chat';
import { limitNameAt } from '../../src/model-http/chat-completions';
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

  it('sends a tool call with text null, as the protocol has it, and its arguments as they were', async () => {
    const target = await connect([
      { toolCalls: [{ id: 'c1', name: 'thermometer', arguments: '{"room": ' }] },
      { content: '21 degrees' },
    ]);
    const first = await target.chat(request, never);
    expect(first.toolCalls).toEqual([{ id: 'c1', name: 'thermometer', arguments: '{"room": ' }]);
    await target.chat(
      {
        ...request,
        messages: [
          ...request.messages,
          { role: 'assistant', content: '', toolCalls: first.toolCalls },
          { role: 'tool', content: '21', toolCallId: 'c1', name: 'thermometer' },
        ],
      },
      never,
    );
    expect(server?.requests[1]?.body.messages.slice(2)).toEqual([
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

  it('calls the output limit what the endpoint wants it called, and remembers', async () => {
    const refusal = {
      fault: 'raw',
      status: 400,
      body: JSON.stringify({
        error: { message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." },
      }),
    } as const;
    const target = await connect((body) => (body.max_tokens === undefined ? { content: 'x' } : refusal));
    await target.chat(request, never);
    await target.chat(request, never);
    expect(server?.requests.map(({ body }) => [body.max_tokens, body['max_completion_tokens']])).toEqual([
      [64, undefined],
      [undefined, 64],
      [undefined, 64],
    ]);
    expect(limitNameAt('https://api.openai.com/v1')).toBe('max_completion_tokens');
    expect(limitNameAt('https://shop.openai.azure.com/openai/v1')).toBe('max_completion_tokens');
    expect(limitNameAt('https://notopenai.com/v1')).toBe('max_tokens');
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
});
