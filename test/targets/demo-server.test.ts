import { request as httpRequest } from 'node:http';
import { z } from 'zod';
import { createDemoTarget, serveDemoTarget, type DemoServer } from '../../src/targets/demo';

const Completion = z.object({
  choices: z.tuple([
    z.object({
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        tool_calls: z.array(z.looseObject({ id: z.string() })).optional(),
      }),
      finish_reason: z.string(),
    }),
  ]),
  usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
});
const Chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().optional() }) })),
  usage: z.unknown(),
});

async function completion(response: Response): Promise<z.infer<typeof Completion>> {
  return Completion.parse(await response.json());
}

const QUESTION = { role: 'user', content: 'How long do I have to return unused goods?' };
const TOOL = {
  type: 'function',
  function: {
    name: 'get_tide',
    description: 'Gives the next tide at a station.',
    parameters: { type: 'object', properties: { station_id: { type: 'string' } } },
  },
};

describe('the demo application over HTTP', () => {
  let server: DemoServer;
  beforeAll(async () => void (server = await serveDemoTarget({ port: 0, faults: [] })));
  afterAll(() => server.close());

  const post = (body: unknown): Promise<Response> =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('answers as the application in this process does', async () => {
    const response = await post({ model: 'demo-1', messages: [QUESTION], seed: 3 });
    expect(response.status).toBe(200);
    const body = await completion(response);
    const local = await createDemoTarget({ faults: [] }).chat(
      { messages: [{ role: 'user', content: QUESTION.content }], tools: [], maxOutputTokens: 1_000, seed: 3 },
      new AbortController().signal,
    );
    expect(body.choices[0]).toMatchObject({ message: { content: local.content }, finish_reason: 'stop' });
    expect(body.usage.prompt_tokens).toBe(local.usage.inputTokens);
  });

  it('calls tools and takes their results', async () => {
    const asked = { role: 'user', content: 'When is the next tide at station ST-4?' };
    const first = await completion(await post({ model: 'demo-1', messages: [asked], tools: [TOOL] }));
    expect(first.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        tool_calls: [{ function: { name: 'get_tide', arguments: '{"station_id":"ST-4"}' } }],
      },
    });
    const call = first.choices[0].message.tool_calls?.[0];
    const result = { role: 'tool', tool_call_id: call?.id, content: '{"tide":"16:52"}' };
    const messages = [asked, first.choices[0].message, result];
    const second = await completion(await post({ model: 'demo-1', messages, tools: [TOOL] }));
    expect(second.choices[0].message.content).toContain('16:52');
  });

  it('streams the same answer, with the usage where it is asked for', async () => {
    const body = {
      model: 'demo-1',
      messages: [QUESTION],
      stream: true,
      stream_options: { include_usage: true },
    };
    const response = await post(body);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = (await response.text()).trim().split('\n\n');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => Chunk.parse(JSON.parse(event.slice('data: '.length))));
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    const whole = await completion(await post({ model: 'demo-1', messages: [QUESTION] }));
    expect(text).toBe(whole.choices[0].message.content);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
  });

  it('lists its model', async () => {
    const response = await fetch(`${server.url}/v1/models`);
    expect(await response.json()).toMatchObject({ object: 'list', data: [{ id: 'demo-1' }] });
  });

  it.each([
    ['text that is not JSON', '{"model":', null],
    ['no messages', { model: 'demo-1', messages: [] }, 'messages'],
    [
      'a message of an unknown role',
      { model: 'demo-1', messages: [{ role: 'oracle', content: '' }] },
      'messages.0.role',
    ],
    ['no model', { messages: [QUESTION] }, 'model'],
    ['a negative limit', { model: 'demo-1', messages: [QUESTION], max_tokens: -1 }, 'max_tokens'],
  ])('refuses %s in the form of the OpenAI API', async (_, body, param) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });

  it('refuses other paths, other methods and a body without end', async () => {
    expect((await fetch(`${server.url}/v1/images`)).status).toBe(404);
    expect((await fetch(`${server.url}/v1/chat/completions`)).status).toBe(405);
    expect(await statusOfHugeBody(`${server.url}/v1/chat/completions`)).toBe(413);
  });

  it('waits as a model would', async () => {
    const slow = await serveDemoTarget({ port: 0, faults: [], latencyMs: 60 });
    const startedAt = performance.now();
    const body = JSON.stringify({ model: 'demo-1', messages: [QUESTION] });
    await (await fetch(`${slow.url}/v1/chat/completions`, { method: 'POST', body })).text();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
    await slow.close();
  });

  it('does not start with an unknown fault', async () => {
    await expect(serveDemoTarget({ port: 0, faults: ['nope'] })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
  });
});

/** Sends 5 MB and reads the status, which comes once the body was read. */
async function statusOfHugeBody(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject);
    sent.end(Buffer.alloc(5 * 1_024 * 1_024, 'x'));
  });
}
