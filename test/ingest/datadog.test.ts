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

const DATADOG_ID = '6799f37700000000eb5161353ed63202';

describe('Datadog', () => {
  it('reads spans of tracers with 64-bit ids, and the upper half of the trace id for the whole trace', () => {
    const found = read('datadog-v04.json');
    expect(found).toMatchObject({ format: 'datadog', rejected: [], reason: null });
    expect(spansOf(found)).toMatchObject([
      {
        traceId: DATADOG_ID,
        originalTraceId: '16956440953342013954',
        spanId: 'c0edfad8291b70cd',
        originalSpanId: '13902043431072133325',
        parentSpanId: null,
        kind: 'client',
        startTimeUnixNano: 1_738_144_119_909_093_908n,
        endTimeUnixNano: 1_738_144_121_353_287_966n,
        status: 'error',
        statusMessage: 'rate limit reached',
        attributes: {
          large: 9_007_199_254_740_993n,
          'openai.response.usage.prompt_tokens': 12,
          'resource.name': 'createChatCompletion',
          'span.type': 'llm',
        },
        events: [
          { name: 'exception', attributes: { 'exception.type': 'openai.RateLimitError' } },
          {
            name: 'retry',
            timeUnixNano: 1_738_144_120_000_000_001n,
            attributes: { attempt: 2, hosts: ['a'] },
          },
        ],
        links: [{ traceId: '6799f37700000000eb513a1c4fbf2bc2', spanId: 'c0edbabe00000001' }],
        resource: { attributes: { 'service.name': 'shop' } },
        source: { format: 'datadog', position: '/0/0' },
      },
      {
        traceId: DATADOG_ID,
        parentSpanId: 'c0edfad8291b70cd',
        status: 'unset',
        statusMessage: '',
        events: [],
        links: [
          { traceId: `${'2'.padStart(16, '0')}${'1'.padStart(16, '0')}`, spanId: '3'.padStart(16, '0') },
        ],
      },
    ]);
  });

  it('reads v0.5 by its string table, and rejects a row that it does not explain', () => {
    const found = read('datadog-v05.json');
    expect(spansOf(found)).toMatchObject([
      {
        traceId: DATADOG_ID,
        name: 'web.request',
        attributes: {
          'http.method': 'GET',
          _sampling_priority_v1: 1,
          'resource.name': 'GET /',
          'span.type': 'web',
        },
        resource: { attributes: { 'service.name': 'shop' } },
      },
      { traceId: DATADOG_ID, parentSpanId: '5'.padStart(16, '0'), status: 'error' },
    ]);
    expect(found.rejected).toMatchObject([{ position: '/1/0/2' }]);
  });

  it('reads answers of the API for spans', () => {
    expect(spansOf(read('datadog-api.json'))).toMatchObject([
      {
        traceId: '6799f37700000000eb513a1c4fbf2bc2',
        originalTraceId: null,
        spanId: 'c0edfad8291b70cd',
        parentSpanId: null,
        name: 'web.request',
        startTimeUnixNano: 1_738_144_119_909_093_908n,
        endTimeUnixNano: 1_738_144_121_353_000_000n,
        status: 'error',
        statusMessage: 'it failed',
        attributes: { 'resource.name': 'GET /orders', 'deployment.environment.name': 'staging' },
        events: [{ name: 'exception', attributes: { 'exception.type': 'Boom' } }],
      },
    ]);
  });

  it('reads LLM Observability under the names that tags have for the same', () => {
    const found = read('datadog-llm-obs.json');
    expect(spansOf(found)).toMatchObject([
      {
        parentSpanId: null,
        attributes: { '_ml_obs.meta.span.kind': 'agent', '_ml_obs.meta.input.value': 'question' },
      },
      {
        parentSpanId: 'c0edfad8291b70cd',
        status: 'error',
        statusMessage: 'it failed',
        attributes: {
          '_ml_obs.meta.span.kind': 'llm',
          '_ml_obs.meta.model_name': 'model-1',
          '_ml_obs.meta.input.messages': [{ role: 'user', content: 'question' }],
          '_ml_obs.metrics': { input_tokens: 5, output_tokens: 7 },
          '_ml_obs.meta.ml_app': 'weather-bot',
        },
        events: [{ name: 'exception' }],
        resource: { attributes: { 'service.name': 'weather' } },
      },
    ]);
  });
});
