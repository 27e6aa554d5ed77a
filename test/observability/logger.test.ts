import { withLogFields } from '../../src/log-context';
import { createLogger, getLogger } from '../../src/observability/logger';
import type { Logger } from '../../src/ports/logger';

function capture(options: { readonly pretty?: boolean; readonly level?: 'debug' | 'info' } = {}) {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const logger: Logger = createLogger({ level: 'info', pretty: false, ...options, stream });
  return { logger, lines };
}

describe('the logger', () => {
  it('writes one JSON line an event, with fields and component', () => {
    const { lines } = capture();
    getLogger('cycle').info({ cycle_id: 'c-1', duration_ms: 1_500 }, 'Operation\ncompleted');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.split('\n')).toHaveLength(2);
    expect(lines[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      component: 'cycle',
      cycle_id: 'c-1',
      duration_ms: 1_500,
      msg: 'Operation\ncompleted',
    });
  });

  it('says in every line what it is written for, also after waiting', async () => {
    const { lines } = capture();
    const log = getLogger('judge');
    await withLogFields({ cycle_id: 'c-1', activity: 'runExperiment' }, async () => {
      await Promise.resolve();
      withLogFields({ activity: 'judge' }, () => log.info({ phase: 'execution' }, 'inside'));
    });
    log.info({}, 'outside');
    const [inside, outside] = lines.map((line) => JSON.parse(line) as unknown);
    expect(inside).toMatchObject({
      component: 'judge',
      cycle_id: 'c-1',
      activity: 'judge',
      phase: 'execution',
    });
    expect(outside).not.toHaveProperty('cycle_id');
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = capture();
    logger.debug({}, 'quiet');
    expect(lines).toEqual([]);
  });

  it('tells an error with its causes', () => {
    const { logger, lines } = capture();
    logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { message: 'outer', cause: { message: 'inner' } },
    });
  });

  const SECRET = 'hunter2-and-"quoted"';
  it.each<[string, Record<string, unknown>]>([
    ['a header', { headers: { Authorization: `Basic ${SECRET}` } }],
    ['an API key, deep down', { a: { b: { c: [{ anthropicApiKey: SECRET, 'x-api-key': SECRET }] } } }],
    ['a password', { password: SECRET }],
    ['a token', { access_token: SECRET }],
    [
      'an error that carries its request',
      { err: Object.assign(new Error('no'), { request: { api_key: SECRET } }) },
    ],
    ['a connection URL', { url: 'postgres://tinman:hunter2@db:5432/tinman' }],
    ['a connection URL in a message', { err: new Error('no route to postgres://tinman:hunter2@db:5432') }],
    ['a bearer key in a message', { err: new Error('refused: Bearer hunter2hunter2') }],
    ['a key of our own', { err: new Error(`who is tinman_${'0a'.repeat(16)}_hunter2?`) }],
    ['a key in a message', { err: new Error('Incorrect API key provided: sk-hunter2-hunter2') }],
  ])('never writes %s', (_what, fields) => {
    const json = capture();
    json.logger.error(fields, 'event');
    expect(JSON.parse(json.lines[0] ?? '')).toMatchObject({ msg: 'event' });
    const readable = capture({ pretty: true });
    readable.logger.error(fields, 'event');
    for (const { lines } of [json, readable]) {
      expect(lines.join('')).not.toContain('hunter2');
      expect(lines.join('')).toContain('[redacted]');
    }
  });

  it('leaves figures and plain addresses as they are', () => {
    const { logger, lines } = capture();
    logger.info({ input_tokens: 12, url: 'http://127.0.0.1:8000/status', mail: 'ana@example.org' }, 'event');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      input_tokens: 12,
      url: 'http://127.0.0.1:8000/status',
      mail: 'ana@example.org',
    });
  });

  it('writes readable lines for a terminal', () => {
    const { logger, lines } = capture({ pretty: true });
    logger.info({ cycle_id: 'c-1' }, 'Started');
    expect(lines.join('')).toContain('Started');
    expect(() => JSON.parse(lines.join('')) as unknown).toThrow(SyntaxError);
  });
});
