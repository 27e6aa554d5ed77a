import type { ChatRequest } from '../../src/domain/chat';
import type { ProtocolServer } from '../support/protocol-server';
import { httpAppSettings, startHttpAppServer } from '../support/http-app-server';
import { readHttpReply, RESPONSE_PATHS } from '../../src/targets/http-reply';
import { HttpTemplate } from '../../src/targets/http-template';
import { http } from '../../src/targets/http';
import { parsePath, valueAt } from '../../src/targets/json-path';

const request: ChatRequest = {
  messages: [
    { role: 'system', content: 'Sell tea.' },
    { role: 'user', content: 'Hi {{seed}}' },
    { role: 'assistant', content: 'Hello' },
    { role: 'user', content: 'Say "tea" \n {{system}}' },
  ],
  maxOutputTokens: 64,
  seed: 7,
};

describe('a request template', () => {
  const fill = (template: ConstructorParameters<typeof HttpTemplate>[0]): unknown =>
    new HttpTemplate(template).fill(request);

  it('keeps the type of what fills a whole text, and leaves out what there is none of', () => {
    expect(
      fill({
        messages: '{{messages}}',
        turns: '{{ conversation }}',
        seed: '{{seed}}',
        heat: '{{temperature}}',
        tools: '{{tools}}',
        list: ['{{temperature}}', 1, null, true],
        nested: { limit: '{{max_output_tokens}}' },
      }),
    ).toEqual({
      messages: request.messages,
      turns: request.messages.slice(1),
      seed: 7,
      list: [1, null, true],
      nested: { limit: 64 },
    });
  });

  it('puts values into longer texts, and never fills in what a value says', () => {
    expect(fill({ q: 'seed {{seed}}, heat {{temperature}}: {{user}}' })).toEqual({
      q: 'seed 7, heat : Say "tea" \n {{system}}',
    });
  });

  it.each([
    [{ q: '{{users}}' }, /\{\{users\}\} is no placeholder/],
    [{ q: '{{system}}' }, /nothing said reaches/],
  ])('says what is wrong with %j', (template, problem) => {
    expect(new HttpTemplate(template).problem()).toMatch(problem);
  });
});

describe('a path', () => {
  it.each([
    ['/a~1b/0/m~0n', ['a/b', '0', 'm~n']],
    ['choices[0].message.content', ['choices', '0', 'message', 'content']],
    ['text', ['text']],
    ['a b', undefined],
    ['a..b', undefined],
    ['', undefined],
    ['/a~2', undefined],
  ])('%j is read', (written, steps) => expect(parsePath(written)).toEqual(steps));

  it('finds only what the value itself has', () => {
    expect(valueAt({ a: [{ b: 'x' }] }, ['a', '0', 'b'])).toBe('x');
    for (const path of ['constructor', '__proto__', 'toString']) expect(valueAt({}, [path])).toBeUndefined();
    expect(valueAt('text', ['length'])).toBeUndefined();
    expect(valueAt(null, ['a'])).toBeUndefined();
  });
});

describe('a reply', () => {
  const paths = RESPONSE_PATHS.parse({
    text: '/text',
    tool_calls: '/calls',
    input_tokens: '/i',
    output_tokens: '/o',
  });
  const read = (answer: unknown) => readHttpReply(answer, paths, 'app', 3);

  it.each([
    ['directly', { name: 'find', arguments: { a: 1 } }],
    ['as input', { name: 'find', input: { a: 1 } }],
    ['as text under function', { function: { name: 'find', arguments: '{"a":1}' } }],
  ])('has tool calls %s', (_name, call) => {
    expect(read({ calls: [call] })).toMatchObject({
      content: '',
      toolCalls: [{ id: 'call_0', name: 'find', arguments: '{"a":1}' }],
      finishReason: 'tool_calls',
    });
  });

  it.each([
    [{ text: 7 }, /Expected a text at \/text, found number/],
    [{ text: null, calls: [] }, /found undefined/],
    [{ text: 'x', calls: 'none' }, /no tool calls/],
    [{ text: 'x', calls: [{ arguments: '{}' }] }, /tool call 0 has no name/],
    [{ text: 'x', calls: Array.from({ length: 129 }, () => ({ name: 'a' })) }, /no tool calls/],
  ])('is refused when it is %j', (answer, problem) => {
    expect(() => read(answer)).toThrow(problem);
  });

  it('tells no usage unless it tells both counts', () => {
    expect(read({ text: 'x', i: 3, o: 4 })).toMatchObject({ usage: { inputTokens: 3, outputTokens: 4 } });
    for (const usage of [{ i: 3 }, { i: -1, o: 4 }, { i: '3', o: 4 }, { i: 1e300, o: 4 }]) {
      expect(read({ text: 'x', ...usage })).toMatchObject({ usageReported: false });
    }
  });
});

describe('an http target', () => {
  let app: ProtocolServer<unknown>;
  beforeAll(async () => (app = await startHttpAppServer([{ text: 'x' }])));
  afterAll(() => app.close());

  it('sends the key in the header it is told, beside headers of its own', async () => {
    const settings = {
      ...httpAppSettings(app.origin),
      headers: { 'X-Tenant': 'bikes', 'Content-Type': 'text/plain' },
      api_key_env: 'APP_KEY',
      auth_header: 'X-Api-Key',
      auth_prefix: '',
    };
    await http.create('app', settings, { APP_KEY: 'k' }).chat(request, new AbortController().signal);
    expect(app.requests.at(-1)?.headers).toMatchObject({
      'x-tenant': 'bikes',
      'x-api-key': 'k',
      'content-type': 'application/json',
    });
    expect(app.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it.each([
    ['no placeholder for what is said', { request: { q: 1 } }, '/targets/app/request'],
    [
      'a system prompt that is never sent',
      { request: { q: '{{user}}' }, system_prompt: 'x' },
      '/targets/app/request',
    ],
    ['a path that is none', { response: { text: 'a b' } }, '/targets/app/response/text'],
    ['no path of the text', { response: {} }, '/targets/app/response/text'],
    ['a URL that is none', { url: 'file:///etc/passwd' }, '/targets/app/url'],
    ['a method without a body', { method: 'GET' }, '/targets/app/method'],
    ['a header that is none', { headers: { 'X-A': 'a\r\nX-B: b' } }, '/targets/app/headers/X-A'],
  ])('refuses %s and says where', (_name, settings, pointer) => {
    const create = (): unknown => http.create('app', { ...httpAppSettings(app.origin), ...settings }, {});
    expect(thrownBy(create)).toMatchObject({ code: 'invalid_configuration', details: { pointer } });
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
