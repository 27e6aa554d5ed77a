import { array, assert, constantFrom, dictionary, letrec, oneof, property, string } from 'fast-check';
import type { AttributeValue, Span } from '../../src/domain/trace';
import { Redactor, type Redactions } from '../../src/ingest/redaction';
import { REDACTION_RULES } from '../../src/ingest/redaction-rules';

function spanOf(changes: Partial<Span>): Span {
  return {
    traceId: '0'.repeat(31) + '1',
    spanId: '0'.repeat(15) + '1',
    parentSpanId: null,
    originalTraceId: null,
    originalSpanId: null,
    name: 'n',
    kind: 'internal',
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    status: 'unset',
    statusMessage: '',
    attributes: {},
    events: [],
    links: [],
    resource: { attributes: {} },
    scope: null,
    traceState: null,
    source: { format: 'otlp', position: '' },
    ...changes,
  };
}

function redacted(text: string): { readonly text: unknown; readonly found: Redactions } {
  const found: Redactions = {};
  const { attributes } = new Redactor(REDACTION_RULES).redact(
    spanOf({ attributes: { 'gen_ai.prompt': text } }),
    found,
  );
  return { text: attributes['gen_ai.prompt'], found };
}

const SECRETS = [
  `sk-ant-${'a1B2'.repeat(8)}`,
  `ghp_${'x'.repeat(36)}`,
  'AKIAIOSFODNN7EXAMPLE',
  `tinman_${'0'.repeat(32)}_${'a'.repeat(43)}`,
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
] as const;

describe('what is taken out before traces are stored', () => {
  it.each(SECRETS)('are secrets by their form: %s', (secret) => {
    const { text, found } = redacted(`call with ${secret}, please`);
    expect(text).toBe('call with [redacted:secret], please');
    expect(found).toEqual({ secret: 1 });
  });

  it.each([
    ['Authorization: Bearer abcdefghijklmnopqrstuvwx', 'Authorization: [redacted:secret]'],
    ['{"api_key": "hunter22", "model": "m"}', '{"api_key": [redacted:secret], "model": "m"}'],
    ['postgresql://user:hunter22@db/x', 'postgresql://user:[redacted:secret]@db/x'],
    ['password=hunter22; next', 'password=[redacted:secret]; next'],
    ['write to ana.b+c@mail.example.co.uk now', 'write to [redacted:email] now'],
    ['card 4111 1111 1111 1111 until 12/29', 'card [redacted:card] until 12/29'],
    ['378282246310005', '[redacted:card]'],
  ])('are secrets by what stands around them, addresses and cards: %s', (before, after) => {
    expect(redacted(before).text).toBe(after);
  });

  it.each([
    'tokens: 1763900000000000000',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736',
    'card 4111 1111 1111 1112',
    'order 1234567890123456',
    'the price is 12.50 EUR @ Harbor Goods',
    'password reset is under /help',
    'max_tokens=4096',
  ])('are not figures, ids and plain words: %s', (text) => {
    expect(redacted(text)).toEqual({ text, found: {} });
  });

  it('goes by the names of attributes too, and leaves counts of tokens', () => {
    const found: Redactions = {};
    const attributes = {
      'http.request.header.authorization': ['Basic eA=='],
      'db.password': 'x',
      'gen_ai.usage.input_tokens': 12,
      'llm.access_token': { value: 'y', ttl: 3 },
    };
    expect(new Redactor(REDACTION_RULES).redact(spanOf({ attributes }), found).attributes).toEqual({
      'http.request.header.authorization': ['[redacted:secret]'],
      'db.password': '[redacted:secret]',
      'gen_ai.usage.input_tokens': 12,
      'llm.access_token': { value: '[redacted:secret]', ttl: 3 },
    });
    expect(found).toEqual({ secret: 3 });
  });

  it('go from what spans share, and count for each of them', () => {
    const found: Redactions = {};
    const resource = { attributes: { 'ana@example.org': 'bea@example.org' } };
    const scope = { name: 'lib', version: null, attributes: { api_key: 'k-1' } };
    const redactor = new Redactor(REDACTION_RULES);
    for (const spanId of ['1111111111111111', '2222222222222222']) {
      const span = redactor.redact({ ...spanOf({}), spanId, resource, scope }, found);
      expect(span.resource.attributes).toEqual({ '[redacted:email]': '[redacted:email]' });
      expect(span.scope?.attributes).toEqual({ api_key: '[redacted:secret]' });
    }
    expect(found).toEqual({ email: 4, secret: 2 });
  });

  it('leave attributes be whose names mean something to JavaScript', () => {
    const attributes = Object.fromEntries([
      ['__proto__', 'kept'],
      ['constructor', 'kept'],
    ]);
    const span = new Redactor(REDACTION_RULES).redact(spanOf({ attributes }), {});
    expect(Object.entries(span.attributes)).toEqual(Object.entries(attributes));
  });

  it('never leaves a secret, wherever in a span it stands', () => {
    const secret = constantFrom(...SECRETS);
    const word = string({ maxLength: 5 }).map((each) => each.replaceAll(/[^a-z ]/g, ' '));
    const value = letrec<{ value: AttributeValue }>((tie) => ({
      value: oneof(
        { depthSize: 'small' },
        secret.map((each) => `x ${each} y`),
        word,
        array(tie('value'), { maxLength: 3 }),
        dictionary(word, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    assert(
      property(value, secret, (hidden, plain) => {
        const attributes = { hidden, plain };
        const span = spanOf({
          name: `call ${plain}`,
          statusMessage: plain,
          attributes,
          events: [{ name: plain, timeUnixNano: null, attributes }],
          links: [{ traceId: '1', spanId: '2', attributes }],
          resource: { attributes },
        });
        const { startTimeUnixNano, endTimeUnixNano, ...rest } = new Redactor(REDACTION_RULES).redact(
          span,
          {},
        );
        const left = JSON.stringify(rest);
        expect(SECRETS.filter((each) => left.includes(JSON.stringify(each).slice(1, -1)))).toEqual([]);
        expect([startTimeUnixNano, endTimeUnixNano]).toEqual([1n, 2n]);
      }),
    );
  });
});
