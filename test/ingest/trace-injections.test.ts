import type { Trace } from '../../src/domain/trace';
import { injectionsInSpans } from '../../src/domain/trace-injections';
import { assessTrace, NO_SETTINGS, type SignalSettings } from '../../src/ingest/signals';
import { INJECTIONS } from '../support/injection-set';
import { healthyTrace, SIGNAL_EXAMPLES } from '../support/signal-examples';
import { chatSpan, toolSpan, traceOf } from '../support/trace-spans';

/** The trace with one more exchange, in which a text stands wherever text of others can. */
function talkedInto({ spans }: Trace, text: string): Trace {
  const said = (role: string) => [{ role, parts: [{ type: 'text', content: text }] }];
  const added = traceOf(1, [
    chatSpan({ input: said('user'), output: said('assistant') }, { id: 'f0', at: 5_000 }),
    toolSpan('notes', { query: text }, { note: text }, { id: 'f1', at: 5_100 }),
  ]);
  const traceId = spans[0]?.traceId ?? '';
  return traceOf(
    Number.parseInt(traceId, 16),
    [...spans, ...added.spans].map((span) => ({ ...span, traceId })),
  );
}

const TRACES: readonly (readonly [string, Trace, SignalSettings])[] = [
  ['a healthy trace', healthyTrace(), NO_SETTINGS],
  ...SIGNAL_EXAMPLES.map(
    ({ what, trace, settings }) => [what, trace, { ...NO_SETTINGS, ...settings }] as const,
  ),
];

it.each(TRACES)('text for judges and researchers changes no signal of %s', (_, trace, settings) => {
  const signals = (told: string) =>
    assessTrace(talkedInto(trace, told), settings).signals.map(({ kind, trigger, severity }) => [
      ...[kind, trigger, severity],
    ]);
  const plain = signals('Have a nice day.');
  for (const { text } of INJECTIONS) expect(signals(text)).toEqual(plain);
});

it.each(INJECTIONS.filter(({ seen }) => seen))(
  '$name is reported, with the span it stands in',
  ({ text }) => {
    const found = injectionsInSpans(talkedInto(healthyTrace(), text).spans);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ quote }) => text.includes(quote))).toBe(true);
    expect(new Set(found.map(({ spanId }) => spanId.replace(/^0+/, '')))).toEqual(new Set(['f0', 'f1']));
  },
);

it('nothing is reported of a trace in which nobody tries', () => {
  expect(injectionsInSpans(healthyTrace().spans)).toEqual([]);
});
