import { readTraceDocument } from '../../src/ingest/parse-traces';
import { TraceDecoder } from '../../src/ingest/decoder';
import { TRACE_FORMAT_READERS } from '../../src/ingest/index';

it.each<[string, unknown, string]>([
  ['metrics', { resourceMetrics: [] }, 'It holds metrics (resourceMetrics), not spans.'],
  ['profiles', { resource_profiles: [] }, 'It holds profiles (resourceProfiles), not spans.'],
  ['a service graph', { Services: [{ ReferenceId: 0 }] }, 'It is a service graph of X-Ray'],
  ['summaries', { TraceSummaries: [] }, 'It holds summaries of X-Ray traces'],
  [
    'Jaeger',
    { data: [{ traceID: 'a', spans: [{ traceID: 'a', spanID: 'b', operationName: 'c' }], processes: {} }] },
    'It is in the format of Jaeger',
  ],
  ['Zipkin', [{ traceId: 'a', id: 'b', timestamp: 1, localEndpoint: {} }], 'It is in the format of Zipkin'],
  [
    'a log of inspect_ai',
    { version: 2, status: 'success', eval: {}, samples: [] },
    'It is a log of inspect_ai',
  ],
  [
    'an analysis of a trace',
    { trace_id: 'a', summary: 'b' },
    'No trace format fits an object with trace_id, summary.',
  ],
  ['a list of texts', ['a'], 'No trace format fits an array of plain values.'],
  ['nothing', {}, 'No trace format fits an empty object.'],
])('refuses %s with a reason', (_name, document, reason) => {
  const found = readTraceDocument(JSON.stringify(document));
  expect(found).toMatchObject({ format: null, traces: [] });
  expect(found.reason).toContain(reason);
  expect(found.rejected).toEqual([{ position: '', reason: found.reason }]);
});

it.each<[string, string | Buffer, string]>([
  ['text', 'hello\nworld', 'It is neither a JSON object nor an array.'],
  ['broken JSON', '{"a" 5}', 'It is not one JSON document'],
  [
    'a picture',
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]),
    'neither text nor protobuf',
  ],
  ['UTF-16', Buffer.from('\ufeff{"resourceSpans":[]}', 'utf16le'), 'UTF-16'],
  [
    'log records in protobuf',
    Buffer.from('0a0e0a00120a120809' + '0102030405060708'.slice(0, 14), 'hex'),
    'log records',
  ],
])('refuses %s with a reason', (_name, data, reason) => {
  expect(readTraceDocument(data).reason).toContain(reason);
});

it('never decides between two formats that fit as well', () => {
  const span = {
    trace_id: 1,
    span_id: 2,
    start: Number('1738144119909093908'),
    duration: 5,
    name: 'n',
    service: 's',
  };
  const found = readTraceDocument(JSON.stringify([span]));
  expect(found).toMatchObject({ format: null, traces: [] });
  expect(found.reason).toMatch(
    /^Two formats fit: datadog \(.*\) and json \(.*\)\. Say which with the format option\.$/,
  );
  expect(readTraceDocument(JSON.stringify([span]), { format: 'datadog' }).traces).toHaveLength(1);
});

it('reads a document as what it is told to be, or says why it cannot', () => {
  const found = readTraceDocument('{"resourceSpans":[]}', { format: 'xray' });
  expect(found).toMatchObject({ format: 'xray', confidence: 1, why: ['the format was given'], traces: [] });
  expect(found.reason).toBe('No span could be read: It has no id.');
});

it('rejects ids of objects that have lost their digits already', () => {
  const span = {
    trace_id: Number('5608047284309712831'),
    span_id: 1,
    start: 5,
    duration: 1,
    meta: {},
    metrics: {},
    error: 0,
  };
  expect(readTraceDocument([span], { format: 'datadog' }).rejected).toEqual([
    { position: '/0', reason: 'The trace id is not an integer.' },
  ]);
});

it('reads spans beside lines that are something else, and names those', () => {
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), startTimeUnixNano: '5' };
  const spans = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const found = readTraceDocument(`{"resourceLogs":[]}\n${spans}\n{"broken\n${spans}\n`);
  expect(found.traces[0]?.spans.map(({ source }) => source.position)).toEqual([
    'line 2 /resourceSpans/0/scopeSpans/0/spans/0',
    'line 4 /resourceSpans/0/scopeSpans/0/spans/0',
  ]);
  expect(found.rejected.map(({ position }) => position)).toEqual(['line 1', 'line 3']);
});

it('needs no more of a refused stream than its beginning', () => {
  const decoder = new TraceDecoder(TRACE_FORMAT_READERS);
  decoder.push(Buffer.from(`{"resourceLogs":["${'x'.repeat(300_000)}`));
  expect(decoder.isRefused).toBe(true);
  expect(decoder.push(Buffer.from('more'))).toEqual({ spans: [], rejected: [] });
});
