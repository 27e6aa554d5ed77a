import { DomainError } from '../../src/domain/errors';
import { ApiClient, problemIn } from './api-client';
import { CITED } from './fake-discussions';
import { FakeWorld } from './fake-world';

describe('POST /discuss', () => {
  const world = new FakeWorld();
  const { discussions } = world;
  let api: ApiClient;
  beforeAll(async () => {
    api = await ApiClient.start(world);
  });
  afterAll(() => api.close());
  afterEach(() => {
    world.discussions = discussions;
    world.principals.clear();
  });

  it('answers with citations', async () => {
    const { status, body } = await api.post('/discuss', { message: 'What failed?', session_id: 'a' });
    expect(status).toBe(200);
    expect(body).toEqual({
      response: `anonymous asks: What failed?\nS2 logic_error on demo, open. [${CITED}]`,
      conversation_length: 2,
      citations: [{ record: CITED, facts: 'S2 logic_error (class reasoning) on demo, open' }],
      session_id: 'a',
      researcher: 'offline',
      unsupported_removed: 0,
      injection_attempts: [],
    });
  });

  it('streams on request: each sentence, then the whole', async () => {
    const whole = await api.post('/discuss', { message: 'What failed?' });
    const { headers, body } = await api.post(
      '/discuss',
      { message: 'What failed?' },
      { accept: 'text/event-stream' },
    );
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = String(body)
      .trimEnd()
      .split('\n\n')
      .map((event) => event.split('\n'));
    expect(events.map(([name]) => name)).toEqual(['event: sentence', 'event: sentence', 'event: answer']);
    const data = events.map(([, line = '']): unknown => JSON.parse(line.replace(/^data: /, '')));
    expect(data).toEqual([
      { text: 'anonymous asks: What failed?', citations: [] },
      { text: 'S2 logic_error on demo, open.', citations: [CITED] },
      whole.body,
    ]);
  });

  it('is a conversation of the key that asks, for operators', async () => {
    world.principals.set('viewer-key', { name: 'vic', role: 'viewer', keyId: 'v' });
    world.principals.set('operator-key', { name: 'ops', role: 'operator', keyId: 'o' });
    const ask = (key: string, path: string, body: object) =>
      api.post(path, body, { authorization: `Bearer ${key}` });
    const answered = await ask('operator-key', '/discuss', { message: 'why?' });
    expect(answered.body).toMatchObject({
      session_id: 'default',
      response: `ops asks: why?
S2 logic_error on demo, open. [${CITED}]`,
    });
    for (const path of ['/discuss', '/discuss/reset']) {
      const refused = await ask('viewer-key', path, path === '/discuss' ? { message: 'why?' } : {});
      expect(problemIn(refused)).toMatchObject({ status: 403, code: 'forbidden' });
    }
  });

  it('forgets', async () => {
    const forgotten: unknown[] = [];
    world.discussions = {
      ...discussions,
      reset: (key) => Promise.resolve(void forgotten.push(key)),
    };
    const own = await ApiClient.start(world);
    expect((await own.post('/discuss/reset', {})).body).toEqual({
      session_id: 'default',
      conversation_length: 0,
    });
    expect((await own.post('/discuss/reset', { session_id: 'b' })).status).toBe(200);
    await own.close();
    expect(forgotten).toEqual([
      { owner: 'anonymous', session: 'default' },
      { owner: 'anonymous', session: 'b' },
    ]);
  });

  it.each([
    ['budget_exceeded', 402],
    ['model_unavailable', 502],
  ] as const)('says %s as a problem, also to who wants a stream', async (code, status) => {
    world.discussions = { ...discussions, say: () => Promise.reject(new DomainError(code, 'no')) };
    const own = await ApiClient.start(world);
    for (const headers of [{}, { accept: 'text/event-stream' }]) {
      expect(problemIn(await own.post('/discuss', { message: 'why?' }, headers))).toMatchObject({
        code,
        status,
      });
    }
    await own.close();
  });

  it.each([
    ['no message', {}],
    ['an empty one', { message: ' \n' }],
    ['one that is too long', { message: 'x'.repeat(4_001) }],
    ['a session with other characters', { message: 'why?', session_id: 'a b' }],
    ['fields that there are not', { message: 'why?', model: 'x' }],
  ])('refuses %s', async (_what, body) => {
    expect(problemIn(await api.post('/discuss', body)).status).toBe(422);
  });
});
