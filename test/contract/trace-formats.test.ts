import { array, assert, constantFrom, integer, nat, property, uint8Array, string, tuple } from 'fast-check';
import type { Span, TraceFormat } from '../../src/domain/trace';
import { TraceDecoder } from '../../src/ingest/decoder';
import { TRACE_FORMAT_READERS } from '../../src/ingest/index';
import { readTraceDocument } from '../../src/ingest/parse-traces';
import { WRITTEN_FORMATS } from '../support/trace-formats';
import { textOf, wholeRecords } from '../support/trace-formats/json-text';
import { mutated, mutation } from '../support/trace-formats/mutations';
import { otlpProtobuf } from '../support/trace-formats/otlp';

/** All spans of a stream that comes in pieces, in the order of the document. */
function spansOf(data: string | Uint8Array, size = Infinity, format?: TraceFormat): readonly Span[] {
  const bytes = Buffer.from(data);
  const decoder = new TraceDecoder(TRACE_FORMAT_READERS, format === undefined ? {} : { format });
  const spans: Span[] = [];
  const step = Math.min(size, Math.max(1, bytes.length));
  for (let at = 0; at < bytes.length; at += step)
    spans.push(...decoder.push(bytes.subarray(at, at + step)).spans);
  return [...spans, ...decoder.end().spans];
}

/** What a format says of a span, without where and how it said it. */
function meaning(span: Span): unknown {
  const { source, originalSpanId, originalTraceId, ...rest } = span;
  expect(source.position).not.toBe('');
  expect([typeof originalSpanId, typeof originalTraceId]).not.toContain('undefined');
  return rest;
}

const { spans: anySpan } = WRITTEN_FORMATS.otlp;

describe.each(TRACE_FORMAT_READERS.map(({ format }) => format))('%s', (format) => {
  const { spans: span, layout } = WRITTEN_FORMATS[format];
  const spans = array(span, { minLength: 1, maxLength: 5 });

  it('gives back what was written, in pieces of any size, and is told from the other formats', () => {
    assert(
      property(spans, integer({ min: 1, max: 200 }), (written, size) => {
        const text = textOf(layout(written));
        expect(spansOf(text, size).map(meaning)).toEqual(written.map(withoutSource));
        expect(readTraceDocument(text)).toMatchObject({ format, reason: null, rejected: [] });
      }),
    );
  });

  it('is read the same when it is told', () => {
    assert(
      property(spans, (written) => {
        const text = textOf(layout(written));
        expect(spansOf(text, Infinity, format)).toEqual(spansOf(text));
      }),
      { numRuns: 20 },
    );
  });

  it('keeps every whole span of a document that is cut short anywhere', () => {
    assert(
      property(array(span, { minLength: 2, maxLength: 2 }), (written) => {
        const parts = layout(written);
        const bytes = Buffer.from(textOf(parts));
        for (let length = 1; length < bytes.length; length++) {
          const found = readTraceDocument(bytes.subarray(0, length), { format });
          const kept = found.traces.flatMap((trace) => trace.spans).map(meaning);
          expect(kept.length).toBeGreaterThanOrEqual(wholeRecords(parts, length));
          expect(written.map(withoutSource)).toEqual(expect.arrayContaining(kept));
          expect(kept.length === 0).toBe(found.reason !== null);
        }
      }),
      { numRuns: 2 },
    );
  });

  it('loses no good span to a bad one, whatever is wrong with it', () => {
    assert(
      property(array(span, { minLength: 2, maxLength: 5 }), nat(), mutation, (written, at, change) => {
        const parts = layout(written);
        const index = at % parts.records.length;
        const records = parts.records.map((record, own) =>
          own === index ? mutated(record, change) : record,
        );
        const read = spansOf(textOf({ ...parts, records }), Infinity, format).map(meaning);
        expect(read).toEqual(
          expect.arrayContaining(written.filter((_, own) => own !== index).map(withoutSource)),
        );
        expect(read.length).toBeLessThanOrEqual(written.length);
      }),
      { numRuns: 300 },
    );
  });

  it('reads spans whose ids are the same, or that are their own ancestors', () => {
    assert(
      property(spans, (written) => {
        const first = written[0]!;
        const cycle = written.map((one) => ({
          ...one,
          traceId: first.traceId,
          spanId: first.spanId,
          parentSpanId: first.spanId,
        }));
        expect(spansOf(textOf(layout(cycle.map((one) => consistent(format, one)))))).toHaveLength(
          written.length,
        );
      }),
      { numRuns: 20 },
    );
  });

  it('survives everything else', () => {
    const anything = constantFrom(
      '[',
      '{"a":',
      '[[[[',
      '{"spans":[',
      '{"data":',
      '{"observations":[',
      '"',
      '{"resourceSpans":',
    );
    assert(
      property(tuple(anything, nat({ max: 5_000 }), string()), ([start, count, end]) => {
        const read = readTraceDocument(start.repeat(count) + end, { format });
        expect(read.traces).toEqual([]);
        expect(read.reason).not.toBeNull();
      }),
      { numRuns: 50 },
    );
  });
});

it('reads protobuf as it reads JSON, in pieces of any size', () => {
  assert(
    property(
      array(anySpan, { minLength: 1, maxLength: 5 }),
      integer({ min: 1, max: 200 }),
      (written, size) => {
        expect(spansOf(otlpProtobuf(written), size).map(meaning)).toEqual(written.map(withoutSource));
      },
    ),
  );
});

it('keeps every whole span of protobuf that is cut short anywhere, and goes on after bytes that are wrong', () => {
  assert(
    property(
      array(anySpan, { minLength: 2, maxLength: 3 }),
      nat(),
      uint8Array({ minLength: 1, maxLength: 3 }),
      (written, at, noise) => {
        const bytes = otlpProtobuf(written);
        const ends = written.map((_, index) => otlpProtobuf(written.slice(0, index + 1)).length);
        for (let length = 1; length < bytes.length; length++) {
          const found = readTraceDocument(bytes.subarray(0, length), {
            format: 'otlp',
            encoding: 'protobuf',
          });
          const kept = found.traces.flatMap((trace) => trace.spans).length;
          expect(kept).toBeGreaterThanOrEqual(ends.filter((end) => end <= length).length);
        }
        const broken = Buffer.from(bytes);
        broken.set(noise, at % (bytes.length - noise.length));
        const read = readTraceDocument(broken, { encoding: 'protobuf' });
        expect(read.traces.length === 0).toBe(read.reason !== null);
      },
    ),
    { numRuns: 3 },
  );
});

it('never throws for bytes of any kind', () => {
  assert(
    property(uint8Array({ maxLength: 200 }), (bytes) => {
      const read = readTraceDocument(bytes);
      expect(read.traces.length === 0).toBe(read.reason !== null);
    }),
    { numRuns: 500 },
  );
});

function withoutSource({
  source: _source,
  originalSpanId: _span,
  originalTraceId: _trace,
  ...rest
}: Span): unknown {
  return rest;
}

/** Tags that repeat an id follow it. */
function consistent(format: TraceFormat, span: Span): Span {
  if (format !== 'datadog') return span;
  return { ...span, attributes: { ...span.attributes, '_dd.p.tid': span.traceId.slice(0, 16) } };
}
