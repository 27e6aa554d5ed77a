import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { startStack, type Stack } from '../support/stack';
import { runProgram } from '../support/stack-program';
import { ResearchClient, until } from './research-client';

jest.setTimeout(120_000);

const spanSchema = z.looseObject({
  span_id: z.string(),
  parent_span_id: z.string().nullable(),
  depth: z.number(),
  name: z.string(),
  kind: z.string(),
  status: z.string(),
  status_message: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  events: z.array(z.looseObject({ name: z.string(), attributes: z.record(z.string(), z.unknown()) })),
  resource: z.object({ attributes: z.record(z.string(), z.unknown()) }),
});
const traceSchema = z.looseObject({
  trace_id: z.string(),
  assessed: z.boolean(),
  spans: z.array(spanSchema),
  signals: z.array(z.looseObject({ kind: z.string(), evidence: z.array(z.unknown()).min(1) })),
});
const summarySchema = z.looseObject({ spans: z.number(), stored: z.number(), duplicates: z.number() });
const uploadSchema = z.looseObject({ id: z.string(), state: z.string(), summary: summarySchema.nullable() });

const ROOT = join(__dirname, '..', '..');

/** A program with the real SDK, which imports modules in a way that jest does not know. */
const EXPORTER = `
  const [form, url] = process.argv.slice(1);
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-' + form);
  const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
  const { resourceFromAttributes } = require('@opentelemetry/resources');
  const { context, SpanKind, SpanStatusCode, trace } = require('@opentelemetry/api');
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'checkout' }),
    spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url }))],
  });
  const tracer = provider.getTracer('shop', '1.2.3');
  const root = tracer.startSpan('request', { kind: SpanKind.SERVER, attributes: { 'http.route': '/buy' } });
  const attributes = { 'gen_ai.request.model': 'm', big: 9007199254740991, ratio: 0.5 };
  const child = tracer.startSpan('chat', { kind: SpanKind.CLIENT, attributes }, trace.setSpan(context.active(), root));
  child.recordException(new TypeError('no stock of ana@example.com'));
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' });
  child.end();
  root.end();
  const { traceId, spanId: rootId } = root.spanContext();
  provider.shutdown().then(() => process.stdout.write(JSON.stringify({ traceId, rootId })));
`;

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

/** A trace of plain JSON, one span a line. */
function ndjson(traces: number, spansEach: number): string {
  const lines: string[] = [];
  for (let trace = 0; trace < traces; trace += 1) {
    const trace_id = hex(16);
    const root = hex(8);
    for (let span = 0; span < spansEach; span += 1) {
      lines.push(
        JSON.stringify({
          trace_id,
          span_id: span === 0 ? root : hex(8),
          parent_span_id: span === 0 ? null : root,
          name: `step ${span}`,
          start_time: '2026-11-23T08:00:00.000Z',
          end_time: '2026-11-23T08:00:01.000Z',
          attributes: { padding: 'x'.repeat(200), 'service.name': 'shop' },
        }),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

describe('traces', () => {
  let stack: Stack;
  let client: ResearchClient;
  beforeAll(async () => {
    stack = await startStack({});
    client = await ResearchClient.at(stack.url);
  });
  afterAll(() => stack?.stop());

  const traceOf = async (id: string) => traceSchema.parse(await client.get(`/traces/${id}`));
  const send = async (body: string | Buffer, path: string, headers: Record<string, string>) => {
    const answer = await fetch(`${stack.url}${path}`, { method: 'POST', body, headers });
    return { status: answer.status, body: await answer.text(), headers: answer.headers };
  };

  it.each(['http', 'proto'])(
    'of an OpenTelemetry exporter (%s) are read back as they were made',
    async (form) => {
      const url = `${stack.url}/v1/traces`;
      const sent = await runProgram(process.execPath, ['-e', EXPORTER, form, url], {
        env: process.env,
        cwd: ROOT,
      });
      expect(sent).toMatchObject({ code: 0, stderr: '' });
      const { traceId, rootId } = z
        .object({ traceId: z.string(), rootId: z.string() })
        .parse(JSON.parse(sent.stdout));

      const found = await until(
        () => traceOf(traceId).catch(() => undefined),
        (seen) => seen?.spans.length === 2,
        30_000,
      );
      const [first, second] = found?.spans ?? [];
      expect(first).toMatchObject({
        span_id: rootId,
        parent_span_id: null,
        depth: 0,
        name: 'request',
        kind: 'server',
        attributes: { 'http.route': '/buy' },
        scope: { name: 'shop', version: '1.2.3' },
      });
      expect(first?.resource.attributes['service.name']).toBe('checkout');
      expect(second).toMatchObject({
        parent_span_id: rootId,
        depth: 1,
        kind: 'client',
        status: 'error',
        status_message: 'no stock',
        attributes: { 'gen_ai.request.model': 'm', big: 9_007_199_254_740_991, ratio: 0.5 },
      });
      expect(second?.events).toMatchObject([
        { name: 'exception', attributes: { 'exception.message': 'no stock of [redacted:email]' } },
      ]);
      const assessed = await until(
        () => traceOf(traceId),
        (seen) => seen.assessed,
        30_000,
      );
      expect(assessed.signals.map(({ kind }) => kind)).toContain('error');
    },
  );

  it('over OTLP are answered in kind: partly stored, or refused with a reason', async () => {
    const span = {
      traceId: hex(16),
      spanId: hex(8),
      name: 'x',
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
    };
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [span, { ...span, spanId: 'no' }] }] }] };
    const json = { 'content-type': 'application/json' };
    const partly = await send(gzipSync(JSON.stringify(request)), '/v1/traces', {
      ...json,
      'content-encoding': 'gzip',
    });
    expect(partly.status).toBe(200);
    expect(JSON.parse(partly.body)).toMatchObject({ partialSuccess: { rejectedSpans: '1' } });
    const logs = await send(JSON.stringify({ resourceLogs: [] }), '/v1/traces', json);
    expect([logs.status, JSON.parse(logs.body)]).toMatchObject([400, { code: 3 }]);
    const binary = await send(Buffer.from('nonsense'), '/v1/traces', {
      'content-type': 'application/x-protobuf',
    });
    expect([binary.status, binary.headers.get('content-type')]).toEqual([400, 'application/x-protobuf']);
    expect((await send('x', '/v1/traces', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await send('', '/v1/traces?target=nowhere', json)).status).toBe(422);
  });

  it('in any format are told apart, stored once, and found by what they are', async () => {
    const body = ndjson(3, 4);
    const first = await send(body, '/traces/ingest', {});
    expect([first.status, JSON.parse(first.body)]).toMatchObject([
      200,
      { format: 'json', traces: 3, spans: 12, stored: 12, duplicates: 0 },
    ]);
    const again = await send(body, '/traces/ingest?format=json', {});
    expect(JSON.parse(again.body)).toMatchObject({ stored: 0, duplicates: 12 });
    const refused = await send('{"metrics": [1]}', '/traces/ingest', {});
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([422, { code: 'unreadable_traces' }]);
    const list = async (query: string) =>
      z
        .object({ items: z.array(z.unknown()), next_cursor: z.string().nullable() })
        .parse(await client.get(`/traces?${query}`));
    const page = await list('format=json&limit=2');
    expect(page.items).toHaveLength(2);
    expect((await list(`format=json&limit=2&cursor=${page.next_cursor ?? ''}`)).items).toHaveLength(1);
    expect((await list('has_errors=true&format=json')).items).toEqual([]);
    expect((await client.api.get('/traces?cursor=x')).status).toBe(422);
    expect((await client.api.get(`/traces/${hex(16)}`)).status).toBe(404);
  });

  it('of a file are stored and shown from the command line', async () => {
    await writeFile(join(stack.home, 'some.ndjson.gz'), gzipSync(ndjson(2, 3)));
    const sent = await stack.cli('ingest', 'some.ndjson.gz', '--json');
    expect(sent).toMatchObject({ code: 0 });
    expect(JSON.parse(sent.stdout)).toMatchObject({ traces: 2, spans: 6, stored: 6 });
    const again = await stack.cli('ingest', 'some.ndjson.gz');
    expect(again.stdout).toContain('0 stored, 6 known already');
    const listed = await stack.cli('traces', 'list', '--format', 'json', '--limit', '1', '--json');
    const [first] = z
      .object({ items: z.array(z.looseObject({ trace_id: z.string() })) })
      .parse(JSON.parse(listed.stdout)).items;
    expect((await stack.cli('traces', 'show', first?.trace_id ?? '')).stdout).toContain('step 0');
    expect((await stack.cli('ingest', 'tinman.yaml')).code).toBe(1);
  });

  it('show what a cycle verifies first, with the recorded call as a case', async () => {
    const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
    const message = (role: string, content: string) =>
      JSON.stringify([{ role, parts: [{ type: 'text', content }] }]);
    const traceId = hex(16);
    const span = {
      ...{ traceId, spanId: hex(8), name: 'chat demo-1', kind: 3 },
      ...{ startTimeUnixNano: `${Date.now() - 1_000}000000`, endTimeUnixNano: `${Date.now()}000000` },
      attributes: [
        text('gen_ai.operation.name', 'chat'),
        text('gen_ai.request.model', 'demo-1'),
        text('gen_ai.input.messages', message('user', 'Tell me everything about returns, in every detail.')),
        text('gen_ai.output.messages', message('assistant', 'Returns are')),
        {
          key: 'gen_ai.response.finish_reasons',
          value: { arrayValue: { values: [{ stringValue: 'length' }] } },
        },
        { key: 'gen_ai.request.max_tokens', value: { intValue: '40' } },
      ],
    };
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    const sent = await send(body, '/v1/traces?target=demo', { 'content-type': 'application/json' });
    expect([sent.status, sent.body]).toEqual([200, '{}']);
    const trace = await until(
      () => traceOf(traceId),
      ({ assessed }) => assessed,
      30_000,
    );
    expect(trace.signals.map(({ kind }) => kind)).toEqual(['finish_length']);

    const { id } = await client.run({ max_hypotheses: 2, max_experiments: 1, runs_per_experiment: 3 });
    const [first] = await stack.query<{ rationale: string; title: string; failed: number }>(
      `SELECT h.rationale, e.title, (SELECT count(*)::int FROM experiment_runs r
         WHERE r.experiment_id = e.id AND r.outcome = 'failed') AS failed
       FROM hypotheses h JOIN experiments e ON e.hypothesis_id = h.id
       WHERE h.cycle_id = $1 ORDER BY h.priority, e.ordinal LIMIT 1`,
      [id],
    );
    expect(first?.rationale).toContain(traceId);
    expect(first?.title).toMatch(/^Recorded in production/);
    // The demo target is as endless as production was.
    expect(first?.failed).toBe(3);
  });

  it('too many to be read at once go on after kill -9 of their worker, each span once', async () => {
    const spans = 100_000;
    const answer = await send(gzipSync(ndjson(spans / 20, 20), { level: 0 }), '/traces/ingest', {});
    expect(answer.status).toBe(202);
    const { id } = uploadSchema.parse(JSON.parse(answer.body));
    expect(answer.headers.get('location')).toBe(`/traces/uploads/${id}`);
    const count = async () => {
      const [row] = await stack.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM spans WHERE name LIKE 'step %'`,
      );
      return row?.n ?? 0;
    };
    const before = 18;
    await until(count, (n) => n > before + spans / 10, 60_000);
    const [worker] = stack.workers;
    await worker?.kill('SIGKILL');
    expect(await count()).toBeLessThan(before + spans);
    await worker?.restart();
    const done = await until(
      async () => uploadSchema.parse(await client.get(`/traces/uploads/${id}`)),
      ({ state }) => state === 'done' || state === 'failed',
      90_000,
    );
    expect(done).toMatchObject({ state: 'done', summary: { spans } });
    expect((done.summary?.stored ?? 0) + (done.summary?.duplicates ?? 0)).toBe(spans);
    expect(await count()).toBe(before + spans);
    const [left] = await stack.query<{ n: number }>('SELECT count(*)::int AS n FROM trace_upload_chunks');
    expect(left?.n).toBe(0);
  });
});
