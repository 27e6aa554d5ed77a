import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { BasicTracerProvider, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { MockActivityEnvironment } from '@temporalio/testing';
import { careful } from '../../src/observability/careful-exporter';
import { createLogger } from '../../src/observability/logger';
import { tracedLlm, tracedTargets } from '../../src/observability/traced-models';
import { startTracing } from '../../src/observability/tracing';
import { tracingSettings, type TracingSettings } from '../../src/observability/tracing-settings';
import { parseTraces } from '../../src/ingest/parse-traces';
import { summariseGenAi } from '../../src/ingest/genai';
import { CallError } from '../../src/ports/call-error';
import type { Llm } from '../../src/ports/llm';
import { createTargetDirectory } from '../../src/targets';
import { logActivities } from '../../src/temporal/activity-log';

/** A receiver of spans that keeps what it was sent. */
async function startReceiver() {
  const received: { readonly headers: NodeJS.Dict<string | string[]>; readonly body: Buffer }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(200, { 'content-type': request.headers['content-type'] }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, received, close };
}

function capturedLog() {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  return { log: createLogger({ level: 'info', pretty: false, stream }), lines };
}

const settingsFor = (env: Record<string, string>): TracingSettings => {
  const settings = tracingSettings(env);
  if (settings === undefined) throw new Error('tracing is off');
  return settings;
};

const LLM: Llm = {
  provider: 'anthropic',
  model: 'claude-x',
  available: () => Promise.resolve(true),
  ask: (request) =>
    request.system === 'fail'
      ? Promise.reject(
          new CallError('rate_limited', 'slow down, Bearer hunter2hunter2', {
            retryable: true,
            maybeBilled: false,
          }),
        )
      : Promise.resolve({
          output: {},
          rawText: 'the answer',
          usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 30 },
          model: 'claude-x-2026',
          latencyMs: 3,
          stopReason: 'length',
        }),
};
const ask = (system: string) =>
  tracedLlm(LLM).ask(
    { system, messages: [], answer: { name: 'a', schema: {} }, maxOutputTokens: 100 },
    new AbortController().signal,
  );

describe('the settings of tracing', () => {
  it.each<[string, Record<string, string>]>([
    ['without an endpoint', {}],
    ['with an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['when the SDK is disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'TRUE' }],
    ['when spans are not wanted', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none' }],
  ])('leave it off %s', (_when, env) => {
    expect(tracingSettings(env)).toBeUndefined();
  });

  it('follow OpenTelemetry in names and precedence', () => {
    expect(settingsFor({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' })).toEqual({
      url: 'http://collector:4318/v1/traces',
      form: 'protobuf',
      timeoutMs: 3_000,
      headers: {},
      resource: {},
    });
    expect(
      settingsFor({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://general',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces/exactly',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20b,tenant=general',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'tenant=traces',
        OTEL_EXPORTER_OTLP_TIMEOUT: '500',
        OTEL_RESOURCE_ATTRIBUTES: 'service.name=ignored,deployment.environment.name=test',
        OTEL_SERVICE_NAME: 'mine',
      }),
    ).toEqual({
      url: 'https://traces/exactly',
      form: 'json',
      timeoutMs: 500,
      headers: { 'x-api-key': 'a b', tenant: 'traces' },
      resource: { 'service.name': 'mine', 'deployment.environment.name': 'test' },
    });
  });

  it.each<[string, Record<string, string>]>([
    ['an address of another kind', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }],
    ['no address', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'nonsense' }],
    ['no time', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' }],
    ['gRPC', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
  ])('refuse %s', (_what, env) => {
    expect(() => tracingSettings(env)).toThrow(
      /^(the OTLP endpoint|spans cannot be sent|OTEL_EXPORTER_OTLP_TIMEOUT)/,
    );
  });
});

describe('tracing', () => {
  it('costs calls nothing but their own way while it is off', async () => {
    await expect(ask('ok')).resolves.toMatchObject({ rawText: 'the answer' });
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it.each(['http/json', 'http/protobuf'])(
    'sends calls of models over %s in words that our ingest reads',
    async (protocol) => {
      const receiver = await startReceiver();
      const { log, lines } = capturedLog();
      const settings = settingsFor({
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20key',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      });
      const tracing = startTracing(settings, 'tinman-worker', log);
      await ask('a secret question');
      const shop = tracedTargets(createTargetDirectory({}, {})).get('demo');
      const messages = [{ role: 'user' as const, content: 'a secret question' }];
      await shop.chat({ messages, maxOutputTokens: 50, seed: 7 }, new AbortController().signal);
      await expect(ask('fail')).rejects.toThrow(CallError);
      await tracing.close();
      await receiver.close();
      expect(lines).toEqual([]);
      expect(receiver.received[0]?.headers).toMatchObject({ authorization: 'Bearer key' });
      const sent = receiver.received.map(({ body }) => body);
      expect(Buffer.concat(sent).toString('latin1')).not.toMatch(/a secret question|hunter2/);
      const spans = sent.flatMap((body) => parseTraces(body)).flatMap((each) => each.spans);
      const [answered, played, failed] = spans;
      expect(spans.map(({ name }) => name)).toEqual([
        'chat claude-x',
        `chat ${shop.describe.model}`,
        'chat claude-x',
      ]);
      expect(answered?.resource.attributes).toMatchObject({
        'service.name': 'tinman-worker',
        'deployment.environment.name': 'test',
      });
      expect(answered?.attributes).toMatchObject({ 'gen_ai.response.finish_reasons': ['length'] });
      expect(played?.attributes).toMatchObject({ 'tinman.target': 'demo' });
      expect(failed).toMatchObject({ status: 'error', attributes: { 'error.type': 'rate_limited' } });
      expect(summariseGenAi(answered === undefined ? [] : [answered])).toMatchObject({
        models: ['claude-x-2026'],
        input_tokens: 40,
        output_tokens: 5,
      });
      expect(lines).toEqual([]);
      expect(trace.getActiveSpan()).toBeUndefined();
    },
  );

  it('ends within its time when nobody takes the last spans', async () => {
    const { log, lines } = capturedLog();
    const tracing = startTracing(
      settingsFor({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '300' }),
      'tinman-worker',
      log,
    );
    trace.getTracer('test').startSpan('work').end();
    const startedAt = Date.now();
    await tracing.close();
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(lines.join()).toContain('spans could not be sent');
  });

  it('gives the activities of a workflow that nobody traced one trace, named after its run', async () => {
    const receiver = await startReceiver();
    const { log } = capturedLog();
    const settings = settingsFor({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const tracing = startTracing(settings, 'tinman-worker', log);
    const runId = randomUUID();
    const run = { workflowId: 'cycle-shop-1', runId };
    const info = { activityType: 'runExperiment', workflowExecution: run };
    const interceptors = [tracing.temporal.activity, logActivities(log)];
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const activity = new MockActivityEnvironment(info, { interceptors });
      await activity.run(async (_input: object) => ask('ok'), { cycleId: 'c-1' });
    }
    await tracing.close();
    await receiver.close();
    const traces = receiver.received.flatMap(({ body }) => parseTraces(body));
    expect(traces.map(({ traceId }) => traceId)).toEqual([runId.replaceAll('-', '')]);
    const spans = traces.flatMap((each) => each.spans);
    const activities = spans.filter(({ name }) => name === 'RunActivity:runExperiment');
    expect(activities).toHaveLength(2);
    for (const { spanId, parentSpanId, attributes } of activities) {
      expect(parentSpanId).toBeNull();
      expect(attributes).toMatchObject({ 'tinman.cycle_id': 'c-1', 'tinman.phase': 'execution' });
      expect(spans.filter((each) => each.parentSpanId === spanId)).toHaveLength(1);
    }
  });
});

describe('an exporter that is careful', () => {
  it('tells once that spans are lost and when they are taken again, and sends no secrets', async () => {
    const { log, lines } = capturedLog();
    const codes = [ExportResultCode.FAILED, ExportResultCode.FAILED, ExportResultCode.SUCCESS];
    const exported: ReadableSpan[] = [];
    const processor = new SimpleSpanProcessor(
      careful(
        {
          export(spans, done) {
            exported.push(...spans);
            done({ code: codes.shift() ?? ExportResultCode.SUCCESS, error: new Error('no receiver') });
          },
          shutdown: () => Promise.resolve(),
        },
        log,
      ),
    );
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    for (let span = 1; span <= 4; span += 1) {
      const work = provider.getTracer('test').startSpan('work', { attributes: { step: span } });
      work.recordException(new Error('refused: Bearer hunter2hunter2'));
      work.setStatus({
        code: SpanStatusCode.ERROR,
        message: 'no route to postgres://tinman:hunter2@db:5432',
      });
      work.end();
      await provider.forceFlush().catch(() => undefined);
    }
    expect(exported).toHaveLength(4);
    for (const [index, { attributes, events, status }] of exported.entries()) {
      expect({ ...attributes }).toEqual({ step: index + 1 });
      expect(events[0]?.attributes).toMatchObject({ 'exception.message': 'refused: Bearer [redacted]' });
      expect(status.message).toBe('no route to postgres://[redacted]@db:5432');
      expect(JSON.stringify([events, status])).not.toContain('hunter2');
    }
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', msg: 'spans could not be sent, and are lost', err: { message: 'no receiver' } },
      { level: 'info', msg: 'spans are taken again' },
    ]);
  });
});
