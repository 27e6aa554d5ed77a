import {
  anything,
  array,
  assert,
  constantFrom,
  dictionary,
  oneof,
  property,
  record,
  string,
} from 'fast-check';
import { SIGNAL_KINDS, type SignalEvidence, type TraceSignal } from '../../src/domain/trace-signal';
import type { Attributes, AttributeValue, Span } from '../../src/domain/trace';
import { classOf } from '../../src/domain/taxonomy';
import { assessTrace, NO_SETTINGS, SIGNAL_RULES, type SignalSettings } from '../../src/ingest/signals';
import { healthyTrace, populationOf, SIGNAL_EXAMPLES } from '../support/signal-examples';
import { spanIdOf, traceOf } from '../support/trace-spans';

function leavesOf(value: AttributeValue, depth = 0): readonly string[] {
  if (depth > 20 || value === null || value instanceof Uint8Array) return [];
  if (typeof value === 'object')
    return Object.values(value).flatMap((item: AttributeValue) => leavesOf(item, depth + 1));
  return [String(value)];
}

function wordsOf({
  name,
  status,
  statusMessage,
  attributes,
  events,
  resource,
  ...span
}: Span): readonly string[] {
  return [
    name,
    status,
    statusMessage,
    String(span.startTimeUnixNano),
    String(span.endTimeUnixNano),
    ...leavesOf(attributes),
    ...leavesOf(resource.attributes),
    ...events.flatMap((event) => [event.name, ...leavesOf(event.attributes)]),
  ];
}

function occurs({ spanId, quote }: SignalEvidence, spans: readonly Span[]): boolean {
  return spans.some((span) => span.spanId === spanId && wordsOf(span).some((words) => words.includes(quote)));
}

function expectSound(signals: readonly TraceSignal[], spans: readonly Span[]): void {
  for (const { evidence, trigger, scope } of signals) {
    expect(trigger).not.toBe('');
    expect(scope).not.toBe('');
    expect(evidence.filter((one) => one.quote === '' || !occurs(one, spans))).toEqual([]);
  }
}

describe('the registry of signals', () => {
  it('has one rule for each kind, and an example for each rule', () => {
    expect(SIGNAL_RULES.map(({ kind }) => kind).toSorted()).toEqual([...SIGNAL_KINDS].toSorted());
    expect(new Set(SIGNAL_EXAMPLES.map(({ kind }) => kind))).toEqual(new Set(SIGNAL_KINDS));
  });

  it.each(SIGNAL_EXAMPLES.map((example) => [example.kind, example.what, example] as const))(
    '%s: %s',
    (kind, _what, { trace, failureType, settings }) => {
      const { signals, exposures } = assessTrace(trace, { ...NO_SETTINGS, ...settings });
      const own = signals.filter((signal) => signal.kind === kind);
      expect(own).toHaveLength(1);
      expect(own[0]).toMatchObject({ failureType, traceId: trace.traceId });
      expect(classOf(failureType)).toBeDefined();
      expect(exposures).toContainEqual({ kind, scope: own[0]?.scope });
      expectSound(signals, trace.spans);
    },
  );

  it('is silent on a healthy trace, whatever is known about its like', () => {
    const settings: SignalSettings = {
      ...NO_SETTINGS,
      contextTokensOf: () => 200_000,
      requires: { audit: ['account'] },
      destructiveTools: ['wipe'],
      population: populationOf(Array.from({ length: 25 }, (_, at) => healthyTrace(at + 1, 400 + 7 * at))),
    };
    const { signals, exposures } = assessTrace(healthyTrace(), settings);
    expect(signals).toEqual([]);
    expect(exposures.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['error', 'wrong_order', 'latency_outlier']),
    );
  });

  it('quotes only what stands in the spans, and never throws, whatever they hold', () => {
    const text = oneof(
      string(),
      string({ unit: 'binary' }),
      constantFrom('{"error":"x"}', '[{"role":"assistant","content":"A balance is 5"}]'),
    );
    const attributes = dictionary(
      constantFrom(
        'gen_ai.tool.name',
        'gen_ai.tool.call.result',
        'gen_ai.tool.call.arguments',
        'gen_ai.operation.name',
        'gen_ai.output.messages',
        'gen_ai.input.messages',
        'gen_ai.tool.definitions',
        'gen_ai.usage.input_tokens',
        'gen_ai.request.model',
        'gen_ai.response.finish_reasons',
        'error.type',
        'error.message',
        'http.status_code',
        'resource.name',
      ),
      oneof(
        text,
        constantFrom('delete_all', 'execute_tool', 'chat', 'length', 429),
        anything({ withBigInt: true, maxDepth: 3 }),
      ),
    );
    const sketch = record({
      parent: constantFrom('1', '2', '3', '9'),
      status: constantFrom('ok' as const, 'error' as const, 'unset' as const),
      statusMessage: text,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what no type would let through is the point
      attributes: attributes.map((held) => held as Attributes),
      name: text,
    });
    assert(
      property(array(sketch, { minLength: 1, maxLength: 7 }), (sketches) => {
        const trace = traceOf(1, sketches);
        const { signals } = assessTrace(trace, {
          ...NO_SETTINGS,
          destructiveTools: ['delete_all'],
          requires: { delete_all: ['chat'] },
        });
        expectSound(signals, trace.spans);
        expect(signals.every(({ spanId }) => trace.spans.some((span) => span.spanId === spanId))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('survives a circle of parents and the same id twice', () => {
    const trace = traceOf(1, [
      { id: '1', parent: '2', status: 'error' },
      { id: '2', parent: '1', status: 'error' },
      { id: '2', parent: '2', status: 'error' },
    ]);
    const found = assessTrace(trace).signals.map(({ spanId }) => spanId);
    expect(found.every((spanId) => [spanIdOf('1'), spanIdOf('2')].includes(spanId))).toBe(true);
  });
});
