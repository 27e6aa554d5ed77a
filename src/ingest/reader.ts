import type { RejectedSpan, Span, TraceFormat } from '../domain/trace';
import type { Cursor } from './cursor';
import type { ListPlan } from './json/list-plan';

/** How well a document fits a format, and what says so. */
export interface Recognition {
  /** 0–1. */
  readonly confidence: number;
  /** For people; at least one where the confidence is not 0. */
  readonly why: readonly string[];
}

/** Where a reader puts what it finds. */
export interface SpanSink {
  readonly spans: Span[];
  readonly rejected: RejectedSpan[];
}

/**
 * Puts every span of a document into the sink. Documents of one stream come in order, a larger one in several parts. Never
 * throws for what a document holds: a span that cannot be read is rejected, and so is all else that is not understood.
 */
export type DocumentReader = (document: unknown, at: Cursor, out: SpanSink) => void;

/** A format that traces are read from; numbers of documents are as `parseJson` leaves them. */
export interface TraceFormatReader {
  readonly format: TraceFormat;
  readonly lists: ListPlan;
  /** Judges by the first documents of a stream, the last of which may be cut short. */
  recognise(document: unknown): Recognition;
  /** A reader for one stream. */
  open(): DocumentReader;
}

export const NOT_RECOGNISED: Recognition = { confidence: 0, why: [] };
