import { DomainError } from '../domain/errors';
import { Trace, type RejectedSpan, type Span } from '../domain/trace';
import { Cursor } from './cursor';
import { TraceDecoder, type DecodeOptions } from './decoder';
import { detect, formatGiven, type Detection } from './detect';
import { TRACE_FORMAT_READERS } from './index';
import type { SpanSink } from './reader';

/** All that a document in memory holds. */
export interface ParsedTraces extends Detection {
  readonly traces: readonly Trace[];
  readonly rejected: readonly RejectedSpan[];
}

const SHOWN_REJECTIONS = 20;

/**
 * Reads a document with all that was refused of it. Objects are read as well as text, but a number beyond 2^53 in them has
 * lost digits already, and a span with such an id is rejected. Never throws for what a document holds.
 */
export function readTraceDocument(data: unknown, options: DecodeOptions = {}): ParsedTraces {
  const out: SpanSink = { spans: [], rejected: [] };
  const detection =
    typeof data === 'string' || data instanceof Uint8Array
      ? readBytes(data, options, out)
      : readObject(data, options, out);
  const reason =
    detection.reason ??
    (out.spans.length > 0 ? null : reasonOf(out.rejected[0] ?? null, out.rejected.length));
  return { ...detection, traces: tracesOf(out.spans), rejected: out.rejected, reason };
}

function readBytes(data: string | Uint8Array, options: DecodeOptions, out: SpanSink): Detection {
  const decoder = new TraceDecoder(TRACE_FORMAT_READERS, options);
  for (const batch of [decoder.push(typeof data === 'string' ? Buffer.from(data) : data), decoder.end()]) {
    for (const span of batch.spans) out.spans.push(span);
    for (const one of batch.rejected) out.rejected.push(one);
  }
  return decoder.detection ?? NOTHING;
}

function readObject(data: unknown, { format }: DecodeOptions, out: SpanSink): Detection {
  const head = { documents: [data], isLines: false, problem: null, isEmpty: false };
  const detection = format === undefined ? detect(head, TRACE_FORMAT_READERS) : formatGiven(format);
  const reader = TRACE_FORMAT_READERS.find((one) => one.format === detection.format);
  if (reader === undefined) out.rejected.push({ position: '', reason: detection.reason ?? '' });
  else reader.open()(data, new Cursor(''), out);
  return detection;
}

const NOTHING: Detection = { format: null, confidence: 0, why: [], reason: 'There is nothing to read.' };

/** Why a document whose format was recognised held no spans. */
export function reasonOf(first: RejectedSpan | null, rejections: number): string {
  if (first === null) return 'It holds no spans.';
  const place = first.position === '' ? '' : `; at ${first.position}`;
  const more = rejections === 1 ? '' : ` And ${rejections - 1} more were rejected.`;
  return `No span could be read${place}: ${first.reason}${more}`;
}

/**
 * Reads the traces of a document; its format is told from what it holds, unless it is given. Spans that cannot be read are
 * left out: {@link readTraceDocument} says which.
 * @throws {DomainError} `unreadable_traces` with the reason, when it holds none.
 */
export function parseTraces(data: unknown, options: DecodeOptions = {}): readonly Trace[] {
  const { traces, reason, rejected, format, confidence, why } = readTraceDocument(data, options);
  if (traces.length > 0) return traces;
  const details = { format, confidence, why, rejected: rejected.slice(0, SHOWN_REJECTIONS) };
  throw new DomainError('unreadable_traces', reason ?? 'It holds no spans.', details);
}

/** Spans by trace, in the order in which the traces began to appear; within a trace by start. */
function tracesOf(spans: readonly Span[]): readonly Trace[] {
  const byTrace = new Map<string, Span[]>();
  for (const span of spans) {
    const own = byTrace.get(span.traceId);
    if (own === undefined) byTrace.set(span.traceId, [span]);
    else own.push(span);
  }
  return [...byTrace].map(([traceId, own]) => new Trace(traceId, own.toSorted(byStart)));
}

function byStart(one: Span, other: Span): number {
  return one.startTimeUnixNano < other.startTimeUnixNano
    ? -1
    : Number(one.startTimeUnixNano > other.startTimeUnixNano);
}
