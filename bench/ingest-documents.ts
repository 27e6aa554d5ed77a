import { tracesDataType } from '../src/ingest/protobuf/definitions';

/** What a span of all formats is made of; about 560 bytes in each of them as JSON. */
interface Sample {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly startNs: bigint;
  readonly durationNs: bigint;
  readonly path: string;
  readonly tokens: number;
  readonly failed: boolean;
}

/** Documents of a format, in pieces; the same for the same number of spans. */
export type DocumentOf = (spans: number) => Generator<string | Uint8Array>;

const SPANS_PER_TRACE = 8;
const SPANS_PER_REQUEST = 512;
const FIRST_START = 1_738_144_119_909_093_908n;

/** Deterministic, of no statistical merit (xorshift, 32 bits). */
function randomSource(): (digits: number) => string {
  let state = 0x9e3779b9;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return (digits) => {
    let hex = '';
    while (hex.length < digits) hex += next().toString(16).padStart(8, '0');
    return hex.slice(0, digits);
  };
}

function* samples(count: number): Generator<Sample> {
  const hex = randomSource();
  let traceId = '';
  let rootId = '';
  for (let index = 0; index < count; index++) {
    const isRoot = index % SPANS_PER_TRACE === 0;
    const spanId = `${(index % 15) + 1}`.slice(0, 1) + hex(15);
    if (isRoot) traceId = `5${hex(31)}`;
    if (isRoot) rootId = spanId;
    yield {
      traceId,
      spanId,
      parentId: isRoot ? null : rootId,
      startNs: FIRST_START + BigInt(index) * 1_000_133n,
      durationNs: BigInt(1_000_000 + (index % 977) * 1_013),
      path: `/api/orders/${hex(8)}/items/${hex(8)}`,
      tokens: 100 + (index % 900),
      failed: index % 50 === 0,
    };
  }
}

/** Pieces of text with something between them, within a beginning and an end. */
function* joined(open: string, items: Iterable<string>, close: string, between = ','): Generator<string> {
  yield open;
  let isFirst = true;
  for (const item of items) {
    yield isFirst ? item : between + item;
    isFirst = false;
  }
  yield close;
}

function* batches<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function* map<T, R>(items: Iterable<T>, of: (item: T) => R): Generator<R> {
  for (const item of items) yield of(item);
}

function otlpSpan(sample: Sample): object {
  const { traceId, spanId, parentId, startNs, durationNs, path, tokens, failed } = sample;
  return {
    traceId,
    spanId,
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    name: 'GET /api/orders/{id}/items/{item}',
    kind: 2,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + durationNs),
    attributes: [
      { key: 'url.path', value: { stringValue: path } },
      { key: 'http.response.status_code', value: { intValue: failed ? '500' : '200' } },
      { key: 'gen_ai.request.model', value: { stringValue: 'model-1' } },
      { key: 'gen_ai.usage.input_tokens', value: { intValue: String(tokens) } },
    ],
    status: failed ? { code: 2, message: 'it failed' } : {},
  };
}

const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'orders' } }] };
const SCOPE = { name: 'bench', version: '1.0.0' };

function otlp(count: number): Generator<string> {
  const open = `{"resourceSpans":[{"resource":${JSON.stringify(RESOURCE)},"scopeSpans":[{"scope":${JSON.stringify(SCOPE)},"spans":[`;
  return joined(
    open,
    map(samples(count), (sample) => JSON.stringify(otlpSpan(sample))),
    ']}]}]}',
  );
}

function* otlpProtobuf(count: number): Generator<Uint8Array> {
  const type = tracesDataType();
  for (const batch of batches(samples(count), SPANS_PER_REQUEST)) {
    const spans = batch.map((sample) => ({
      ...otlpSpan(sample),
      traceId: Buffer.from(sample.traceId, 'hex'),
      spanId: Buffer.from(sample.spanId, 'hex'),
      parentSpanId: sample.parentId === null ? Buffer.alloc(0) : Buffer.from(sample.parentId, 'hex'),
    }));
    const request = { resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ scope: SCOPE, spans }] }] };
    yield type.encode(type.fromObject(request)).finish();
  }
}

function datadog(count: number): Generator<string> {
  const span = (sample: Sample): string => {
    const { traceId, spanId, parentId, startNs, durationNs, path, tokens, failed } = sample;
    const ids = `"trace_id":${BigInt(`0x${traceId.slice(16)}`)},"span_id":${BigInt(`0x${spanId}`)},"parent_id":${parentId === null ? 0 : BigInt(`0x${parentId}`)}`;
    const tid = parentId === null ? `"_dd.p.tid":"${traceId.slice(0, 16)}",` : '';
    const meta = `{${tid}"http.method":"GET","http.status_code":"${failed ? 500 : 200}","http.url":"https://shop.example.com${path}","component":"flask","language":"python","runtime-id":"${traceId}"}`;
    const metrics = `{"_dd.measured":1,"_dd.top_level":1,"_sampling_priority_v1":1,"openai.response.usage.prompt_tokens":${tokens}}`;
    return `{"name":"flask.request","service":"orders","resource":"GET /api/orders/{id}/items/{item}",${ids},"type":"web","error":${failed ? 1 : 0},"meta":${meta},"metrics":${metrics},"start":${startNs},"duration":${durationNs}}`;
  };
  const traces = map(batches(samples(count), SPANS_PER_TRACE), (trace) => `[${trace.map(span).join(',')}]`);
  return joined('[', traces, ']');
}

/** Decimal seconds with six digits, as the SDKs of X-Ray write them. */
function seconds(nanos: bigint): string {
  return `${nanos / 1_000_000_000n}.${String((nanos % 1_000_000_000n) / 1_000n).padStart(6, '0')}`;
}

function xray(count: number): Generator<string> {
  const segment = (sample: Sample): string => {
    const { traceId, spanId, parentId, startNs, durationNs, path, tokens, failed } = sample;
    const id = `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
    const parent = parentId === null ? '' : `"parent_id":"${parentId}",`;
    const http = `{"request":{"method":"GET","url":"https://shop.example.com${path}","client_ip":"192.0.2.7","user_agent":"curl/8.5.0"},"response":{"status":${failed ? 500 : 200},"content_length":${tokens}}}`;
    return `{"trace_id":"${id}","id":"${spanId}",${parent}"name":"orders","start_time":${seconds(startNs)},"end_time":${seconds(startNs + durationNs)},"origin":"AWS::ECS::Container","http":${http},"annotations":{"tokens":${tokens},"model":"model-1"},"aws":{"account_id":"123456789012","xray":{"sdk":"X-Ray for Node.js","sdk_version":"3.10.0"}}${failed ? ',"fault":true' : ''}}`;
  };
  return joined('', map(samples(count), segment), '\n', '\n');
}

function json(count: number): Generator<string> {
  const span = (sample: Sample): string => {
    const { traceId, spanId, parentId, startNs, durationNs, path, tokens, failed } = sample;
    return JSON.stringify({
      trace_id: traceId,
      span_id: spanId,
      parent_span_id: parentId,
      name: 'GET /api/orders/{id}/items/{item}',
      kind: 'server',
      start_time_unix_nano: String(startNs),
      end_time_unix_nano: String(startNs + durationNs),
      status: failed ? 'error' : 'ok',
      status_message: failed ? 'it failed' : '',
      attributes: {
        'url.full': `https://shop.example.com${path}`,
        'http.response.status_code': failed ? 500 : 200,
        'gen_ai.request.model': 'model-1',
        'gen_ai.usage.input_tokens': tokens,
        'user_agent.original': 'curl/8.5.0',
      },
      service: 'orders',
    });
  };
  return joined('{"spans":[', map(samples(count), span), ']}');
}

function openInference(count: number): Generator<string> {
  const span = (sample: Sample): string => {
    const { traceId, spanId, parentId, startNs, durationNs, path, tokens, failed } = sample;
    const time = (nanos: bigint): string => new Date(Number(nanos / 1_000_000n)).toISOString();
    return JSON.stringify({
      name: 'ChatCompletion',
      context: { trace_id: traceId, span_id: spanId },
      span_kind: 'LLM',
      parent_id: parentId,
      start_time: time(startNs),
      end_time: time(startNs + durationNs),
      status_code: failed ? 'ERROR' : 'OK',
      status_message: failed ? 'it failed' : '',
      attributes: {
        'openinference.span.kind': 'LLM',
        'llm.model_name': 'model-1',
        'llm.token_count.prompt': tokens,
        'input.value': path,
      },
      events: [],
    });
  };
  return joined('{"data":[', map(samples(count), span), '],"next_cursor":null}');
}

function langfuse(count: number): Generator<string> {
  const observation = (sample: Sample): object => {
    const { traceId, spanId, parentId, startNs, durationNs, path, tokens, failed } = sample;
    const time = (nanos: bigint): string => new Date(Number(nanos / 1_000_000n)).toISOString();
    return {
      id: spanId,
      traceId,
      parentObservationId: parentId,
      type: 'GENERATION',
      name: 'chat',
      startTime: time(startNs),
      endTime: time(startNs + durationNs),
      level: failed ? 'ERROR' : 'DEFAULT',
      statusMessage: failed ? 'it failed' : null,
      model: 'model-1',
      input: path,
      usageDetails: { input: tokens, output: 10, total: tokens + 10 },
    };
  };
  const traces = map(batches(samples(count), SPANS_PER_TRACE), (batch) =>
    JSON.stringify({ trace: { id: batch[0]?.traceId, name: 'chat' }, observations: batch.map(observation) }),
  );
  return joined('', traces, '\n', '\n');
}

export const DOCUMENTS: Readonly<Record<string, DocumentOf>> = {
  otlp,
  'otlp-protobuf': otlpProtobuf,
  datadog,
  xray,
  json,
  langfuse,
  openinference: openInference,
};
