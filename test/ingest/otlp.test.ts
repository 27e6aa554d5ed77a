import { readTraceDocument, parseTraces } from '../../src/ingest/parse-traces';
import { OTLPAdapter } from '../../src/ingest/adapters';
import type { Span } from '../../src/domain/trace';

const SPAN = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentSpanId: 'eee19b7ec3c1b173',
  name: 'chat',
  kind: 3,
  startTimeUnixNano: '1544712660000000123',
  endTimeUnixNano: '1544712661000000456',
  attributes: [
    { key: 'text', value: { stringValue: 'a' } },
    { key: 'small', value: { intValue: '7' } },
    { key: 'large', value: { intValue: '9223372036854775807' } },
    { key: 'double', value: { doubleValue: 0.25 } },
    { key: 'flag', value: { boolValue: true } },
    { key: 'bytes', value: { bytesValue: 'AQI=' } },
    { key: 'list', value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'b' }] } } },
    { key: 'map', value: { kvlistValue: { values: [{ key: 'in', value: { boolValue: false } }] } } },
    { key: 'empty', value: {} },
  ],
  droppedAttributesCount: 2,
  events: [
    {
      name: 'exception',
      timeUnixNano: '1544712660500000000',
      attributes: [{ key: 'exception.message', value: { stringValue: 'no' } }],
    },
  ],
  links: [{ traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1' }],
  traceState: 'a=1',
  status: { code: 2, message: 'it failed' },
};

function request(...spans: readonly unknown[]) {
  const scope = { name: 'library', version: '1.0', attributes: [{ key: 'x', value: { stringValue: 'y' } }] };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
}

function onlySpan(data: unknown): Span {
  const spans = parseTraces(data).flatMap((trace) => trace.spans);
  expect(spans).toHaveLength(1);
  return spans[0]!;
}

const CANONICAL: Partial<Span> = {
  traceId: SPAN.traceId,
  spanId: SPAN.spanId,
  parentSpanId: SPAN.parentSpanId,
  name: 'chat',
  kind: 'client',
  startTimeUnixNano: 1_544_712_660_000_000_123n,
  endTimeUnixNano: 1_544_712_661_000_000_456n,
  status: 'error',
  statusMessage: 'it failed',
  traceState: 'a=1',
};

it('reads every field of a span', () => {
  const span = onlySpan(JSON.stringify(request(SPAN)));
  expect(span).toEqual({
    ...CANONICAL,
    originalTraceId: null,
    originalSpanId: null,
    attributes: {
      text: 'a',
      small: 7,
      large: 9_223_372_036_854_775_807n,
      double: 0.25,
      flag: true,
      bytes: Buffer.from([1, 2]),
      list: [1, 'b'],
      map: { in: false },
      empty: null,
      'otel.dropped_attributes_count': 2,
    },
    events: [
      {
        name: 'exception',
        timeUnixNano: 1_544_712_660_500_000_000n,
        attributes: { 'exception.message': 'no' },
      },
    ],
    links: [{ traceId: SPAN.links[0]!.traceId, spanId: SPAN.links[0]!.spanId, attributes: {} }],
    resource: { attributes: { 'service.name': 'shop' } },
    scope: { name: 'library', version: '1.0', attributes: { x: 'y' } },
    source: { format: 'otlp', position: '/resourceSpans/0/scopeSpans/0/spans/0' },
  });
});

function snake(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snake);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snake(item),
    ]),
  );
}

const { resourceSpans } = request(SPAN);
const { scopeSpans, resource } = resourceSpans[0]!;
const base64 = {
  ...SPAN,
  traceId: Buffer.from(SPAN.traceId, 'hex').toString('base64'),
  spanId: Buffer.from(SPAN.spanId, 'hex').toString('base64'),
  parentSpanId: Buffer.from(SPAN.parentSpanId, 'hex').toString('base64'),
};

it.each<[string, string]>([
  ['snake case', JSON.stringify(snake(request(SPAN)))],
  ['base64 ids', JSON.stringify(request(base64))],
  ['upper-case ids', JSON.stringify(request({ ...SPAN, traceId: SPAN.traceId.toUpperCase() }))],
  [
    'named enums',
    JSON.stringify(
      request({
        ...SPAN,
        kind: 'SPAN_KIND_CLIENT',
        status: { code: 'STATUS_CODE_ERROR', message: 'it failed' },
      }),
    ),
  ],
  ['times as numbers', JSON.stringify(request(SPAN)).replace(/"(15447126\d+)"/g, '$1')],
  ['batches', JSON.stringify({ batches: resourceSpans })],
  ['a wrapped request', JSON.stringify({ trace: { resourceSpans } })],
  [
    'the older name of scopes',
    JSON.stringify({ batches: [{ resource, instrumentationLibrarySpans: scopeSpans }] }),
  ],
  ['an array of requests', JSON.stringify([request(SPAN)], null, 2)],
  ['a resource without a request', JSON.stringify(resourceSpans[0])],
  ['lines of requests', `${JSON.stringify({ resourceSpans: [] })}\n\n${JSON.stringify(request(SPAN))}\n`],
  ['a list of spans', JSON.stringify([SPAN])],
  ['a byte order mark', `\ufeff${JSON.stringify(request(SPAN))}`],
])('reads %s', (_name, text) => {
  expect(onlySpan(text)).toMatchObject(CANONICAL);
});

it('keeps ids as they were written', () => {
  expect(onlySpan(JSON.stringify(request(base64)))).toMatchObject({
    originalTraceId: base64.traceId,
    originalSpanId: base64.spanId,
  });
});

it('reads the object that a program has parsed', () => {
  expect(onlySpan(request(SPAN))).toMatchObject(CANONICAL);
});

it.each<[string, Record<string, unknown>, string]>([
  ['no trace id', { traceId: undefined }, 'It has no trace id.'],
  ['a trace id of zeros', { traceId: '0'.repeat(32) }, 'It has no trace id.'],
  ['a short id', { spanId: 'abc' }, 'The span id is not an id of 8 bytes.'],
  ['an id that is a number', { spanId: 5 }, 'The span id is not an id of 8 bytes.'],
  ['no start', { startTimeUnixNano: null }, 'It has no start.'],
  ['a time that is none', { startTimeUnixNano: 'soon' }, 'The start is not a time in nanoseconds.'],
  [
    'a time beyond 2262',
    { endTimeUnixNano: '99999999999999999999' },
    'The end is not a time in nanoseconds.',
  ],
  ['a name that is none', { name: {} }, 'The name is not a text.'],
  ['attributes that are none', { attributes: 5 }, 'The attributes is not an object.'],
  ['an attribute without a key', { attributes: [{ value: {} }] }, 'An attribute has no key.'],
  ['a kind that is none', { kind: 'sideways' }, 'The kind is none of OpenTelemetry.'],
])('rejects a span with %s, and no other', (_name, change, reason) => {
  const { traces, rejected } = readTraceDocument(JSON.stringify(request(SPAN, { ...SPAN, ...change }, SPAN)));
  expect(traces[0]?.spans).toHaveLength(2);
  expect(rejected).toEqual([{ position: '/resourceSpans/0/scopeSpans/0/spans/1', reason }]);
});

it('rejects a broken record of JSON, and no other', () => {
  const text = JSON.stringify(request(SPAN, { ...SPAN, name: 'broken' }, SPAN)).replace('"broken"', 'broken');
  const { traces, rejected } = readTraceDocument(text);
  expect(traces[0]?.spans.map(({ source }) => source.position)).toEqual([
    '/resourceSpans/0/scopeSpans/0/spans/0',
    '/resourceSpans/0/scopeSpans/0/spans/2',
  ]);
  expect(rejected).toMatchObject([{ position: '/resourceSpans/0/scopeSpans/0/spans/1' }]);
});

it('says what a document is that holds no spans', () => {
  expect(readTraceDocument('{"resourceLogs":[]}').reason).toBe(
    'It holds log records (resourceLogs), not spans.',
  );
  expect(readTraceDocument('{"resourceSpans":[]}')).toMatchObject({
    format: 'otlp',
    reason: 'It holds no spans.',
  });
  expect(readTraceDocument('')).toMatchObject({ format: null, reason: 'It is empty.' });
  expect(readTraceDocument('{"a":1}').reason).toBe('No trace format fits an object with a.');
  expect(() => new OTLPAdapter().parse('{"resourceSpans":[]}')).toThrow('It holds no spans.');
});

it('reads errors as in the manual', () => {
  const messages: string[] = [];
  for (const trace of new OTLPAdapter().parse(JSON.stringify(request(SPAN)))) {
    for (const span of trace.errorSpans) messages.push(`${span.name}: ${span.statusMessage}`);
  }
  expect(messages).toEqual(['chat: it failed']);
});
