import type { Trace } from '../../src/domain/trace';
import type { SignalKind } from '../../src/domain/trace-signal';
import type { FailureType } from '../../src/domain/taxonomy';
import { NO_SETTINGS, PopulationBuilder, type SignalSettings } from '../../src/ingest/signals';
import { chatSpan, toolSpan, traceOf, type SpanSketch } from './trace-spans';

interface SignalExample {
  readonly what: string;
  readonly kind: SignalKind;
  readonly failureType: FailureType;
  readonly trace: Trace;
  readonly settings?: Partial<SignalSettings>;
}

const said = (text: string): unknown => ({ role: 'assistant', parts: [{ type: 'text', content: text }] });
const asked = (text: string): unknown => ({ role: 'user', parts: [{ type: 'text', content: text }] });
const calls = (name: string, args: unknown, id = `call_${name}`): unknown => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', id, name, arguments: args }],
});

const failed = (sketch: SpanSketch, message = 'it broke'): SpanSketch => ({
  ...sketch,
  status: 'error',
  statusMessage: message,
});

const ROOT: SpanSketch = { id: 'a0', name: 'answer', at: 0, ms: 900 };
const inRoot = { parent: 'a0' };

/** A conversation in which everything goes well: what every rule must be silent on. */
export const healthyTrace = (number = 900, ms = 500): Trace =>
  traceOf(number, [
    { ...ROOT, ms: ms + 400 },
    chatSpan(
      {
        input: [asked('What is the balance of my account?')],
        output: [calls('account', { id: 7 })],
        tools: [{ name: 'account' }, { name: 'audit', requires: ['account'] }],
        tokens: [120, 12],
        finish: 'tool_call',
      },
      { ...inRoot, ms },
    ),
    toolSpan('account', { id: 7 }, { account_balance: 1250.5, currency: 'EUR' }, { ...inRoot, ms: 20 }),
    toolSpan('audit', { id: 7 }, { ok: true }, { ...inRoot, ms: 20 }),
    chatSpan(
      {
        input: [asked('What is the balance?')],
        output: [said('Your account balance is 1,250.50.')],
        tokens: [150, 20],
        finish: 'stop',
      },
      { ...inRoot, ms: 300 },
    ),
  ]);

export function populationOf(traces: readonly Trace[]): SignalSettings['population'] {
  const builder = new PopulationBuilder(NO_SETTINGS.priceOf);
  for (const trace of traces) builder.add(trace);
  return builder.population;
}

const USUAL = populationOf(Array.from({ length: 30 }, (_, at) => healthyTrace(at + 1, 480 + at)));

const looping = { q: 'opening hours' };

export const SIGNAL_EXAMPLES: readonly SignalExample[] = [
  {
    what: 'an exception, once for all the spans around it',
    kind: 'error',
    failureType: 'parameter_error',
    trace: traceOf(1, [
      failed(ROOT, 'the agent failed'),
      failed({ ...inRoot, id: 'a1', name: 'step' }),
      failed({
        ...toolSpan('pay', { amount: -1 }, undefined, { parent: 'a1' }),
        events: [
          {
            name: 'exception',
            attributes: {
              'exception.type': 'ValidationError',
              'exception.message': 'amount must be positive',
            },
          },
        ],
      }),
    ]),
  },
  {
    what: 'an error of which nothing is known but that it is one',
    kind: 'error',
    failureType: 'distributional_shift',
    trace: traceOf(2, [failed({ name: 'GET /answers' }, '')]),
  },
  {
    what: 'a request turned away for its rate',
    kind: 'rate_limit',
    failureType: 'rate_limit_exhaustion',
    trace: traceOf(3, [ROOT, failed(chatSpan({}, inRoot), 'Error code: 429 - rate_limit_error')]),
  },
  {
    what: 'a service that fails with the one it called',
    kind: 'cascade',
    failureType: 'cascading_failure',
    trace: traceOf(4, [
      failed({ ...ROOT, resource: { attributes: { 'service.name': 'shop' } } }),
      failed(
        { ...inRoot, name: 'charge', resource: { attributes: { 'service.name': 'bank' } } },
        'no connection',
      ),
    ]),
  },
  {
    what: 'a failure that repeats the words of an earlier one',
    kind: 'cascade',
    failureType: 'cascading_failure',
    trace: traceOf(5, [
      ROOT,
      failed({ ...inRoot, name: 'load profile', ms: 1 }, 'profile 17 could not be read'),
      failed({ ...inRoot, name: 'render page' }, 'cannot render: profile 17 could not be read'),
    ]),
  },
  {
    what: 'a call that fails again and again without waiting',
    kind: 'retry_storm',
    failureType: 'retry_amplification',
    trace: traceOf(6, [
      ROOT,
      ...[10, 20, 30].map((at) =>
        failed(toolSpan('stock', { sku: 1 }, undefined, { ...inRoot, at, ms: 5 }), 'unavailable'),
      ),
    ]),
  },
  {
    what: 'a tool whose results say that it fails',
    kind: 'retry_storm',
    failureType: 'retry_amplification',
    trace: traceOf(7, [
      ROOT,
      ...[10, 20, 40, 80, 160].map((at) =>
        toolSpan('stock', { sku: 1 }, { error: 'try later' }, { ...inRoot, at, ms: 5 }),
      ),
    ]),
  },
  {
    what: 'an answer cut off',
    kind: 'finish_length',
    failureType: 'resource_exhaustion',
    trace: traceOf(8, [chatSpan({ output: [said('And then')], finish: 'MAX_TOKENS' })]),
  },
  {
    what: 'an answer withheld',
    kind: 'content_filter',
    failureType: 'distributional_shift',
    trace: traceOf(9, [chatSpan({ finish: 'content_filter' })]),
  },
  {
    what: 'a tool that was never offered',
    kind: 'unknown_tool',
    failureType: 'tool_hallucination',
    trace: traceOf(10, [
      chatSpan({ tools: [{ name: 'account' }], output: [calls('transfer', { to: 'x' })] }),
    ]),
  },
  {
    what: 'the same call three times, executed',
    kind: 'tool_loop',
    failureType: 'tool_loop',
    trace: traceOf(11, [
      ROOT,
      ...[1, 2, 3].map((at) => toolSpan('search', looping, { hits: [] }, { ...inRoot, at })),
    ]),
  },
  {
    what: 'the same call three times, only asked for',
    kind: 'tool_loop',
    failureType: 'tool_loop',
    trace: traceOf(12, [
      ROOT,
      ...['x', 'y', 'z'].map((id) => chatSpan({ output: [calls('search', looping, id)] }, inRoot)),
    ]),
  },
  {
    what: 'a tool before the one its definition declares it to need',
    kind: 'wrong_order',
    failureType: 'chain_misorder',
    trace: traceOf(13, [
      chatSpan({ id: 'a', tools: [{ name: 'pay', requires: ['quote'] }, { name: 'quote' }] } as object, {
        id: 'a1',
      }),
      toolSpan('pay', { amount: 5 }, { ok: true }),
      toolSpan('quote', {}, { amount: 5 }),
    ]),
  },
  {
    what: 'a tool without the one that the settings declare it to need',
    kind: 'wrong_order',
    failureType: 'chain_misorder',
    settings: { requires: { pay: ['quote'] } },
    trace: traceOf(14, [toolSpan('pay', { amount: 5 }, { ok: true })]),
  },
  {
    what: 'a call of a tool annotated as destructive',
    kind: 'destructive_call',
    failureType: 'destructive_call',
    trace: traceOf(15, [
      chatSpan({
        input: [asked('How many files are there?')],
        tools: [{ name: 'tidy', annotations: { destructiveHint: true } }],
        output: [calls('tidy', { path: '/' })],
      }),
      toolSpan('tidy', { path: '/' }, 'done'),
    ]),
  },
  {
    what: 'a destructive command',
    kind: 'destructive_call',
    failureType: 'destructive_call',
    trace: traceOf(16, [
      chatSpan({ input: [asked('How many orders are there?')] }),
      toolSpan('sql', { query: 'DROP TABLE orders' }, 'ok'),
    ]),
  },
  {
    what: 'an answer with another number than the tool gave',
    kind: 'contradicted_result',
    failureType: 'tool_hallucination',
    trace: traceOf(17, [
      toolSpan('account', { id: 7 }, { account_balance: 1250.5 }),
      chatSpan({ input: [asked('How much is there?')], output: [said('Your account balance is 2,150.50.')] }),
    ]),
  },
  {
    what: 'an answer with the opposite status',
    kind: 'contradicted_result',
    failureType: 'tool_hallucination',
    trace: traceOf(18, [
      toolSpan('refund', { id: 7 }, { refund_status: 'denied' }),
      chatSpan({ output: [said('Good news! The refund status is **approved**.')] }),
    ]),
  },
  {
    what: 'a conversation that fills the context window',
    kind: 'context_growth',
    failureType: 'context_overflow',
    settings: { contextTokensOf: () => 1_000 },
    trace: traceOf(
      19,
      [200, 500, 950].map((tokens) => chatSpan({ tokens: [tokens, 5] })),
    ),
  },
  {
    what: 'a conversation that grows until the answer is cut off',
    kind: 'context_growth',
    failureType: 'context_overflow',
    trace: traceOf(20, [
      ...[200, 500].map((tokens) => chatSpan({ tokens: [tokens, 5], finish: 'stop' })),
      chatSpan({ tokens: [950, 1], finish: 'length' }),
    ]),
  },
  {
    what: 'a call far slower than usual',
    kind: 'latency_outlier',
    failureType: 'latency_collapse',
    settings: { population: USUAL },
    trace: healthyTrace(21, 30_000),
  },
  {
    what: 'a trace far dearer than usual',
    kind: 'cost_outlier',
    failureType: 'cost_runaway',
    settings: { population: USUAL },
    trace: traceOf(22, [ROOT, chatSpan({ tokens: [90_000, 900] }, inRoot)]),
  },
];
