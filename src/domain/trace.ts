/**
 * The value of an attribute. Integers beyond 2^53 are bigints, others may be either; bytes stay bytes. Words and types
 * are those of the OpenTelemetry trace model (https://opentelemetry.io/docs/specs/otel/common/#attribute).
 */
export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | null
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

export type Attributes = Readonly<Record<string, AttributeValue>>;

export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

export const SPAN_STATUSES = ['unset', 'ok', 'error'] as const;
export type SpanStatus = (typeof SPAN_STATUSES)[number];

export const TRACE_FORMATS = ['otlp', 'datadog', 'xray', 'langfuse', 'openinference', 'json'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds since 1970; null where the source gives none. */
  readonly timeUnixNano: bigint | null;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** What emitted the spans. */
export interface Resource {
  readonly attributes: Attributes;
}

/** Where a span stood in what was read. */
interface SourcePosition {
  readonly format: TraceFormat;
  /** A JSON pointer, or a line and a pointer: `line 12 /resourceSpans/0/scopeSpans/0/spans/3`. */
  readonly position: string;
}

/** One operation, in the words of OpenTelemetry whatever the format it came in. */
export interface Span {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Null for a root. */
  readonly parentSpanId: string | null;
  /** The ids as the source wrote them, where that is something else. */
  readonly originalTraceId: string | null;
  readonly originalSpanId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  /** Nanoseconds since 1970. */
  readonly startTimeUnixNano: bigint;
  /** Null while it is in progress. */
  readonly endTimeUnixNano: bigint | null;
  readonly status: SpanStatus;
  /** Empty where the source says nothing. */
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly resource: Resource;
  /** The instrumentation library; null where the source names none. */
  readonly scope: {
    readonly name: string;
    readonly version: string | null;
    readonly attributes?: Attributes;
  } | null;
  readonly traceState: string | null;
  readonly source: SourcePosition;
}

/** The spans of one trace that were read together, in the order of their start. */
export class Trace {
  constructor(
    /** 32 lower-case hex digits. */
    readonly traceId: string,
    readonly spans: readonly Span[],
  ) {}

  /** The spans whose status is `error`. */
  get errorSpans(): readonly Span[] {
    return this.spans.filter(({ status }) => status === 'error');
  }
}

/** A span, or a document, that could not be read. */
export interface RejectedSpan {
  /** As in {@link SourcePosition}; empty for the document itself. */
  readonly position: string;
  /** For people. */
  readonly reason: string;
}
