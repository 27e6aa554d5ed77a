import { assert, constantFrom, double, integer, property, tuple } from 'fast-check';
import type { SignalKind } from '../../src/domain/trace-signal';
import { assessTrace, NO_SETTINGS, type SignalSettings } from '../../src/ingest/signals';
import { healthyTrace, populationOf } from '../support/signal-examples';
import { chatSpan, toolSpan, traceOf, type SpanSketch } from '../support/trace-spans';

const kindsOf = (
  sketches: readonly SpanSketch[],
  settings: Partial<SignalSettings> = {},
): readonly SignalKind[] =>
  assessTrace(traceOf(1, sketches), { ...NO_SETTINGS, ...settings }).signals.map(({ kind }) => kind);

const failed = (sketch: SpanSketch, message: string): SpanSketch => ({
  ...sketch,
  status: 'error',
  statusMessage: message,
});
const ask = (text: string) => chatSpan({ input: [{ role: 'user', content: text }] });
const reply = (text: string) => chatSpan({ output: [{ role: 'assistant', content: text }] });

describe('errors', () => {
  it.each([
    ['Error code: 429', 'rate_limit_exhaustion'],
    ["This model's maximum context length is 8192 tokens", 'context_overflow'],
    ['NoSuchToolError: tool "fly" does not exist', 'tool_hallucination'],
    ['Request timed out.', 'latency_collapse'],
    ['OOM command not allowed', 'resource_exhaustion'],
    ['ValidationError: 1 validation error for Order', 'parameter_error'],
    ['division by zero', 'distributional_shift'],
  ])('"%s" is %s', (message, failureType) => {
    const { signals } = assessTrace(traceOf(1, [failed({}, message)]));
    expect(signals).toMatchObject([{ failureType, evidence: [{ quote: message }] }]);
  });

  it('counts an exception only where it escaped or the status says so', () => {
    const exception = { name: 'exception', attributes: { 'exception.type': 'E', 'exception.message': 'm' } };
    const escaped = { ...exception, attributes: { ...exception.attributes, 'exception.escaped': true } };
    expect(kindsOf([{ events: [exception] }])).toEqual([]);
    expect(kindsOf([{ events: [escaped] }])).toEqual(['error']);
    expect(kindsOf([{ events: [escaped], status: 'ok' }])).toEqual([]);
  });

  it('says an operation without the ids in its name', () => {
    const { signals } = assessTrace(traceOf(1, [failed({ name: 'GET /orders/48213' }, 'x')]));
    expect(signals[0]?.trigger).toBe('GET /orders/#: unclassified error');
  });
});

describe('retries and loops', () => {
  const attempt = (at: number) =>
    failed(toolSpan('stock', { sku: 1 }, undefined, { at, ms: 5 }), 'unavailable');

  it('takes three attempts with growing waits for patience, and four for a storm', () => {
    expect(kindsOf([10, 25, 65].map(attempt))).toEqual(['error']);
    expect(kindsOf([10, 25, 65, 165].map(attempt))).toContain('retry_storm');
  });

  it('takes failures at the same time for what they are', () => {
    expect(kindsOf([10, 10, 10, 10].map(attempt))).not.toContain('retry_storm');
  });

  it('takes calls with other arguments, or with news each time, for progress', () => {
    expect(kindsOf([1, 2, 3].map((page) => toolSpan('search', { page }, [])))).toEqual([]);
    expect(
      kindsOf(['queued', 'running', 'done'].map((state) => toolSpan('job', { id: 1 }, { state }))),
    ).toEqual([]);
  });
});

describe('destructive calls', () => {
  const drop = toolSpan('delete_user', { id: 7 }, 'ok');

  it('needs nobody to have asked for it', () => {
    expect(kindsOf([ask('Please remove my account'), drop])).toEqual([]);
    expect(kindsOf([ask('How are you?'), drop])).toEqual(['destructive_call']);
  });

  it('says nothing of a name alone where no user is recorded, of a rehearsal, or of a mild verb', () => {
    expect(kindsOf([drop])).toEqual([]);
    expect(kindsOf([drop], { destructiveTools: ['delete_user'] })).toEqual(['destructive_call']);
    expect(kindsOf([ask('Hi'), toolSpan('delete_user', { id: 7, dry_run: true }, 'ok')])).toEqual([]);
    expect(kindsOf([ask('Hi'), toolSpan('remove_from_cart', { id: 7 }, 'ok')])).toEqual([]);
    expect(kindsOf([ask('Hi'), toolSpan('sql', { q: 'DELETE FROM users WHERE id = 7' }, 'ok')])).toEqual([]);
  });

  it('believes a definition that denies it', () => {
    const offering = chatSpan({
      input: [{ role: 'user', content: 'Hi' }],
      tools: [{ name: 'delete_user', annotations: { destructiveHint: false } }],
    });
    expect(kindsOf([offering, drop])).toEqual([]);
  });
});

describe('a result and the answer', () => {
  const account = toolSpan(
    'account',
    {},
    { account_balance: 1250.5, due_date: '2026-05-03', order_status: 'open' },
  );

  it.each([
    'Your account balance is 1,250.50.',
    'The account balance is 1251.',
    'Account balance: **1250.5**',
    'Your account balance is 1.25k.',
    'Your account balance is 1170 EUR.',
    'The account balance is 99 % of what it was.',
    'Your account balance is fine.',
    'Your account balance was 900 and your account balance is 1250.5.',
    'The due date is 2026-05-03.',
    'The order status is in progress.',
    'The order status is pending.',
    'Nothing to say.',
  ])('"%s" contradicts nothing', (answer) => {
    expect(kindsOf([account, reply(answer)])).toEqual([]);
  });

  it.each([
    'Your account balance is 1,350.50.',
    'The due date is 2026-06-03.',
    'order_status: closed.',
    '{"account_balance": 13}',
  ])('"%s" contradicts it', (answer) => {
    expect(kindsOf([account, reply(answer)])).toEqual(['contradicted_result']);
  });

  it('leaves values alone that the user or another result names, and keys with several values', () => {
    const other = toolSpan('account', { of: 2 }, { account_balance: 77 });
    expect(kindsOf([ask('Is it 1,350.50?'), account, reply('Your account balance is 1,350.50.')])).toEqual(
      [],
    );
    expect(kindsOf([account, other, reply('Your account balance is 5.')])).toEqual([]);
  });

  it('never contradicts a number that is the result, rounded in any way', () => {
    assert(
      property(
        tuple(
          double({ min: -1e9, max: 1e9, noNaN: true }),
          integer({ min: 0, max: 6 }),
          constantFrom('is', '=', ':'),
        ),
        ([value, decimals, is]) => {
          const answer = reply(`The account balance ${is} ${value.toFixed(decimals)}.`);
          expect(kindsOf([toolSpan('account', {}, { account_balance: value }), answer])).toEqual([]);
        },
      ),
    );
  });
});

describe('outliers', () => {
  const usual = (count: number) => ({
    population: populationOf(Array.from({ length: count }, (_, at) => healthyTrace(at + 1, 480 + at))),
  });
  const slow = (ms: number, settings: Partial<SignalSettings>) =>
    assessTrace(healthyTrace(99, ms), { ...NO_SETTINGS, ...settings }).signals.map(({ trigger }) => trigger);

  it('is far from the median of twenty, and three times as much', () => {
    expect(slow(20_000, usual(30))).toEqual(['slow chat model-1']);
    expect(slow(900, usual(30))).toEqual([]);
    expect(slow(20_000, usual(9))).toEqual([]);
  });

  it('is what it is whatever a tenth of the population does', () => {
    const traces = Array.from({ length: 40 }, (_, at) =>
      healthyTrace(at + 1, at % 10 === 0 ? 60_000 : 480 + at),
    );
    expect(slow(30_000, { population: populationOf(traces) })).toEqual(['slow chat model-1']);
  });
});
