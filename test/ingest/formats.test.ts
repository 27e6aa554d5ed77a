import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Span } from '../../src/domain/trace';
import { readTraceDocument, type ParsedTraces } from '../../src/ingest/parse-traces';

function read(file: string): ParsedTraces {
  return readTraceDocument(readFileSync(join(__dirname, 'fixtures', file)));
}

function spansOf({ traces }: ParsedTraces): readonly Span[] {
  return traces.flatMap((trace) => trace.spans);
}

describe('X-Ray', () => {
  it('reads BatchGetTraces with its documents as texts, and each exception once', () => {
    const found = read('xray-batch.json');
    expect(spansOf(found)).toMatchObject([
      {
        traceId: '581cf771a006649127e371903a2de979',
        originalTraceId: '1-581cf771-a006649127e371903a2de979',
        parentSpanId: null,
        kind: 'server',
        startTimeUnixNano: 1_478_293_361_271_093_908n,
        endTimeUnixNano: 1_478_293_361_449_000_000n,
        status: 'error',
        statusMessage: 'it failed',
        attributes: {
          customer: 'c1',
          'http.response.status_code': 500,
          'aws.account_id': '123456789012',
          'aws.xray.metadata.debug': { n: 9_007_199_254_740_993n },
          'aws.xray.cause_id': '0123456789abcdef',
        },
        events: [],
        resource: { attributes: { 'service.name': 'shop', 'service.version': '1.2' } },
        source: { position: '/Traces/0/Segments/0/Document' },
      },
      {
        parentSpanId: '70de5b6f19ff9a0a',
        kind: 'client',
        attributes: { 'db.query.text': 'SELECT 1', 'aws.xray.cause.working_directory': '/app' },
        events: [
          { attributes: { 'exception.message': 'it failed', 'exception.stacktrace': 'at f (a.js:3)' } },
        ],
        source: { position: '/Traces/0/Segments/0/Document/subsegments/0' },
      },
      { parentSpanId: '53995c3f42cd8ad8', kind: 'internal', endTimeUnixNano: null },
    ]);
    expect(found.rejected).toMatchObject([{ position: '/Traces/0/Segments/1/Document' }]);
  });

  it('reads what the daemon receives, with segments in progress and subsegments alone', () => {
    const found = read('xray-daemon.txt');
    expect(found).toMatchObject({ format: 'xray', rejected: [], traces: [{ spans: [{}, {}] }] });
    expect(spansOf(found)).toMatchObject([
      { spanId: '70de5b6f19ff9a0a', endTimeUnixNano: null, status: 'unset', source: { position: 'line 2' } },
      { parentSpanId: '70de5b6f19ff9a0a', kind: 'client', status: 'error', source: { position: 'line 4' } },
    ]);
  });

  it('reads subsegments of a segment that it cannot read', () => {
    const inner = { id: '53995c3f42cd8ad8', name: 'db', start_time: 2 };
    const trace = { trace_id: '1-581cf771-a006649127e371903a2de979', id: '70de5b6f19ff9a0a' };
    const found = readTraceDocument(JSON.stringify({ ...trace, start_time: 'soon', subsegments: [inner] }));
    expect(spansOf(found)).toMatchObject([{ spanId: inner.id, parentSpanId: trace.id }]);
    expect(found.rejected).toEqual([{ position: '', reason: 'The start is not a time.' }]);
  });

  it('keeps blocks that are not what they should be', () => {
    const segment = {
      id: '70de5b6f19ff9a0a',
      trace_id: '1-581cf771-a006649127e371903a2de979',
      start_time: 1,
      cause: 5,
      http: 'x',
    };
    expect(spansOf(readTraceDocument(JSON.stringify(segment)))).toMatchObject([
      { attributes: { 'aws.xray.http': 'x' } },
    ]);
  });
});

it('reads a trace of Langfuse beside its observations, each of them once', () => {
  const found = read('langfuse-trace.json');
  expect(spansOf(found)).toMatchObject([
    {
      traceId: '6f1f3c2e8a344d6f9f3b0d6d6d3f7a10',
      originalTraceId: '6f1f3c2e-8a34-4d6f-9f3b-0d6d6d3f7a10',
      originalSpanId: 'o1',
      parentSpanId: null,
      status: 'unset',
      attributes: {
        'langfuse.observation.type': 'SPAN',
        'langfuse.trace.input': 'question',
        'langfuse.trace.tags': ['demo'],
      },
      resource: { attributes: { 'langfuse.trace.name': 'chat', 'session.id': 's1' } },
    },
    {
      spanId: 'b38a82eaa62b551e',
      startTimeUnixNano: 1_749_650_494_290_000_000n,
      endTimeUnixNano: null,
      status: 'error',
      statusMessage: 'it failed',
      attributes: {
        'langfuse.observation.model.name': 'model-1',
        'langfuse.observation.model.parameters': { temperature: 0.5 },
        'langfuse.observation.usage_details': { input: 3, output: 4, total: 7 },
        'langfuse.observation.total_cost': 0.25,
      },
    },
    { name: 'event', endTimeUnixNano: 1_749_650_495_000_000_000n },
  ]);
  const [root, child] = spansOf(found);
  expect(child?.parentSpanId).toBe(root?.spanId);
  expect(found.rejected).toEqual([{ position: '/observations/3', reason: 'The start is not a time.' }]);
});

it('says why a list of traces of Langfuse has no observations', () => {
  const list = { data: [{ id: 'a', timestamp: '2025-06-11T14:01:32.598Z', observations: ['o1'] }], meta: {} };
  expect(readTraceDocument(JSON.stringify(list))).toMatchObject({ format: 'langfuse', traces: [] });
  expect(readTraceDocument(JSON.stringify(list)).reason).toContain('It is only the id of an observation');
});

describe('OpenInference', () => {
  it('has its attributes flat, however they are nested in the export', () => {
    expect(spansOf(read('phoenix-nested.json'))).toMatchObject([
      {
        startTimeUnixNano: 1_749_643_294_290_123_000n,
        status: 'error',
        attributes: {
          'openinference.span.kind': 'LLM',
          'llm.model_name': 'model-1',
          'llm.token_count.prompt': 3,
          'llm.input_messages.0.message.role': 'user',
          metadata: { kept: { whole: true } },
          'embedding.vector': [0.5, 1],
        },
        events: [{ name: 'exception', timeUnixNano: 1_749_643_294_500_000_000n }],
      },
    ]);
  });

  it('reads records of a data frame', () => {
    const found = read('phoenix-frame.jsonl');
    expect(found).toMatchObject({ format: 'openinference', rejected: [] });
    expect(spansOf(found)).toMatchObject([
      {
        status: 'ok',
        startTimeUnixNano: 1_749_643_294_290_000_000n,
        attributes: { 'input.value': 'question' },
      },
      {
        parentSpanId: 'eee19b7ec3c1b174',
        attributes: { 'tool.name': 'search', 'openinference.span.kind': 'TOOL' },
      },
    ]);
  });
});

describe('plain JSON', () => {
  it('reads traces with spans within spans, under common names and in units that are stated', () => {
    const found = read('json-traces.json');
    expect(found).toMatchObject({ format: 'json', rejected: [] });
    const byName = Object.fromEntries(spansOf(found).map((span) => [span.name, span]));
    expect(byName).toMatchObject({
      agent: {
        originalTraceId: 't-1',
        startTimeUnixNano: 1_749_650_494_290_123_456n,
        status: 'ok',
        attributes: { n: 9_007_199_254_740_993n, model: 'model-1' },
        resource: { attributes: { 'service.name': 'shop' } },
        source: { position: '/traces/0/spans/0' },
      },
      tool: {
        startTimeUnixNano: 1_749_650_494_300_000_000n,
        endTimeUnixNano: 1_749_650_494_320_000_000n,
        status: 'error',
        statusMessage: 'it failed',
        events: [{ attributes: { 'exception.type': 'Boom' } }],
        parentSpanId: byName.agent?.spanId,
      },
      llm: {
        startTimeUnixNano: 1_749_650_494_300_000_001n,
        endTimeUnixNano: 1_749_650_494_301_500_001n,
        status: 'error',
        statusMessage: 'why',
        attributes: { 'span.kind': 'LLM' },
        source: { position: '/traces/0/spans/0/children/1' },
      },
      late: {
        startTimeUnixNano: 1_749_650_494_250_000_000n,
        status: 'unset',
        attributes: { status: 503, error: false },
      },
    });
  });

  it('reads what the SDK for Python prints, document after document', () => {
    const found = read('otel-sdk-console.txt');
    expect(spansOf(found)).toMatchObject([
      {
        traceId: '5b8efff798038103d269b633813fc60c',
        kind: 'server',
        parentSpanId: null,
        status: 'error',
        statusMessage: 'it failed',
        traceState: null,
        events: [{ name: 'exception' }],
        resource: { attributes: { 'service.name': 'shop' } },
      },
      {
        kind: 'internal',
        parentSpanId: 'eee19b7ec3c1b174',
        status: 'unset',
        source: { position: 'document 2' },
      },
    ]);
  });
});
