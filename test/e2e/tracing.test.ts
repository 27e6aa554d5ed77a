import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { z } from 'zod';
import { CYCLE_PHASES } from '../../src/domain/cycle';
import { startAnthropicServer, type AnthropicServer } from '../support/anthropic-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL, until, type Cycle } from './research-client';
import { goodAnswer } from './scripted-claude';

jest.setTimeout(60_000);

const BUNDLE = join(__dirname, '..', '..', 'dist', 'workflow-bundle.js');
const MODEL = 'claude-haiku-5-5';
const USAGE = { input_tokens: 1_000, output_tokens: 70, cache_read_input_tokens: 3_000 };
const REQUEST = { ...SMALL, target: 'shop' };

const spanSchema = z.object({
  span_id: z.string(),
  parent_span_id: z.string().nullable(),
  name: z.string(),
  kind: z.string(),
  status: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  resource: z.object({ attributes: z.record(z.string(), z.unknown()) }),
});
type Span = z.infer<typeof spanSchema>;
const traceSchema = z.object({ models: z.array(z.string()), spans: z.array(spanSchema) });
const pageSchema = z.object({ items: z.array(z.object({ trace_id: z.string(), name: z.string() })) });
const lineSchema = z.looseObject({ msg: z.string() });

interface WayBack {
  readonly url: string;
  close(): void;
}

/** An address that is known before that of the API, and leads there. */
async function startWayTo(urlOf: () => string): Promise<WayBack> {
  const server = createServer((socket) => {
    const { hostname, port } = new URL(urlOf());
    const onward = connect(Number(port), hostname);
    socket.on('error', () => onward.destroy()).pipe(onward);
    onward.on('error', () => socket.destroy()).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

describe('a cycle whose spans are sent to the API itself', () => {
  const traceId = randomBytes(16).toString('hex');
  const callersSpan = randomBytes(8).toString('hex');
  let wayBack: WayBack;
  let provider: AnthropicServer;
  let stack: Stack;
  let client: ResearchClient;
  let cycleId: string;
  let ended: Cycle;
  let spans: readonly Span[];
  let models: readonly string[];

  beforeAll(async () => {
    wayBack = await startWayTo(() => stack.url);
    let letAnswer: () => void = () => undefined;
    const mayAnswer = new Promise<void>((resolve) => (letAnswer = resolve));
    provider = await startAnthropicServer(async (question) => {
      await mayAnswer;
      return { ...goodAnswer(question), usage: USAGE };
    });
    stack = await startStack({
      env: {
        TINMAN_RESEARCHER: 'anthropic',
        TINMAN_LOG_LEVEL: 'debug',
        ANTHROPIC_API_KEY: 'k',
        ANTHROPIC_BASE_URL: provider.url,
        ANTHROPIC_MODEL: MODEL,
        OTEL_EXPORTER_OTLP_ENDPOINT: wayBack.url,
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
      settings: { targets: { shop: { kind: 'demo', faults: ['decimal_versions'] } } },
    });
    client = await ResearchClient.at(stack.url);
    cycleId = await client.start(REQUEST, { traceparent: `00-${traceId}-${callersSpan}-01` });
    await until(
      () => Promise.resolve(provider.calls),
      (calls) => calls > 0,
    );
    // Another worker takes the cycle over in its middle: it replays what was.
    await client.api.post(`/research/cycles/${cycleId}/pause`, {});
    letAnswer();
    await until(
      () => Promise.resolve(stack.logs()),
      (logs) => logs.includes('"activity":"generateHypotheses"'),
    );
    await stack.workers[0]?.restart();
    await client.api.post(`/research/cycles/${cycleId}/resume`, {});
    ended = await client.ended(cycleId);
    ({ spans, models } = await until(
      async () => traceSchema.parse(await client.get(`/traces/${traceId}`)),
      (trace) => trace.spans.some(({ name }) => name === 'RunWorkflow:researchCycle'),
    ));
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await provider?.close();
    wayBack?.close();
  });

  const named = (name: string): Span => {
    const found = spans.find((span) => span.name === name);
    if (found === undefined)
      throw new Error(`no span ${name} among ${spans.map((each) => each.name).join()}`);
    return found;
  };
  const parentOf = (span: Span) => spans.find(({ span_id: id }) => id === span.parent_span_id);
  const linesOf = (process: string) =>
    stack
      .logs()
      .split('\n')
      .filter((line) => line.startsWith(`${process}: {`))
      .map((line) => lineSchema.parse(JSON.parse(line.slice(process.length + 2))));

  it('is one trace, from the request over workflow and activity to the call of the model', () => {
    expect(ended.state).toBe('completed');
    const request = named('POST /research/cycle');
    expect(request).toMatchObject({
      parent_span_id: callersSpan,
      kind: 'server',
      attributes: { 'http.route': '/research/cycle', 'http.response.status_code': 202 },
    });
    expect(request.resource.attributes['service.name']).toBe('tinman-api');
    const way = (span: Span | undefined): readonly string[] =>
      span === undefined ? [] : [...way(parentOf(span)), span.name];
    expect(way(named(`chat ${MODEL}`))).toEqual([
      'POST /research/cycle',
      'StartWorkflow:researchCycle',
      'RunWorkflow:researchCycle',
      'StartActivity:generateHypotheses',
      'RunActivity:generateHypotheses',
      `chat ${MODEL}`,
    ]);
    expect(spans.filter((span) => parentOf(span) === undefined)).toEqual([request]);
  });

  it('says by the conventions what each call of a model was, and not what was said', () => {
    const call = named(`chat ${MODEL}`);
    expect(call).toMatchObject({
      kind: 'client',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': MODEL,
        'gen_ai.response.model': MODEL,
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': USAGE.input_tokens + USAGE.cache_read_input_tokens,
        'gen_ai.usage.cache_read.input_tokens': USAGE.cache_read_input_tokens,
        'gen_ai.usage.output_tokens': USAGE.output_tokens,
      },
    });
    expect(call.resource.attributes['service.name']).toBe('tinman-worker');
    expect(named('RunActivity:runExperiment').attributes).toMatchObject({
      'tinman.cycle_id': cycleId,
      'tinman.phase': 'execution',
    });
    const target = spans.find(({ attributes }) => attributes['tinman.target'] === 'shop');
    expect(target && parentOf(target)?.name).toBe('RunActivity:runExperiment');
    expect(models).toContain(MODEL);
    expect(JSON.stringify(spans)).not.toContain('9.11');
  });

  it('is replayed the same by a worker that sends no spans', async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
    const sent: unknown[] = [];
    const sinks = { exporter: { export: { fn: (_info: unknown, made: unknown) => void sent.push(made) } } };
    const temporal = await stack.client();
    const history = await temporal.workflow.getHandle(ended.workflow_id).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: { codePath: BUNDLE }, sinks }, history);
    expect(sent).toEqual([]);
  });

  it('makes no spans of sending spans, of probes or of chores', async () => {
    const { items } = pageSchema.parse(await client.get('/traces?limit=200'));
    expect(items.map(({ trace_id: id }) => id)).toContain(traceId);
    const others = items.filter(({ trace_id: id }) => id !== traceId).map(({ name }) => name);
    expect(others.filter((name) => !/^(GET|POST) \/(research|traces|openapi|status)/.test(name))).toEqual([]);
  });

  it('tells each phase once in the log, also over a replay, with all that leads to it', () => {
    const lines = linesOf('worker-1');
    const about = { cycle_id: cycleId, trace_id: traceId, workflow_id: ended.workflow_id };
    const phases = lines.filter(({ msg }) => msg === 'a phase begins');
    expect(phases.map(({ phase }) => phase)).toEqual(CYCLE_PHASES);
    for (const line of phases) expect(line).toMatchObject({ ...about, component: 'workflow' });
    const activities = lines.filter(({ msg }) => msg === 'activity done');
    expect(activities.find(({ activity }) => activity === 'generateHypotheses')).toMatchObject({
      ...about,
      phase: 'hypothesis_generation',
      run_id: phases[0]?.['run_id'],
    });
    expect(linesOf('api-1')).toContainEqual(
      expect.objectContaining({ msg: 'request', route: '/research/cycle', trace_id: traceId }),
    );
  });
});
