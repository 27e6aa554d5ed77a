import type { Trace, Span } from '../domain/trace';
import type { TraceAssessment, TraceSignal } from '../domain/trace-signal';

/** A span with what is read of it for lists and figures. */
export interface SpanToStore {
  readonly span: Span;
  /** The model that it called; null where it called none. */
  readonly model: string | null;
  /** `service.name` of its resource; null where that says nothing. */
  readonly service: string | null;
}

export interface StoredSpans {
  /** That were not there before. */
  readonly stored: number;
  readonly duplicates: number;
}

interface UnassessedTrace {
  readonly trace: Trace;
  readonly target: string;
  readonly updatedAt: Date;
}

export interface TraceStore {
  /** Writes spans, each once by trace and span id, and brings their traces up to date, in one transaction. */
  save(target: string, spans: readonly SpanToStore[]): Promise<StoredSpans>;
  /** Which of these traces are kept already. */
  known(traceIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** The spans of a trace in the order of their start; undefined when it is unknown. */
  read(traceId: string): Promise<Trace | undefined>;
  /** Traces to which nothing has come for so long and whose signals are not known as they are now, oldest first. */
  unassessed(quietMs: number, limit: number): Promise<readonly UnassessedTrace[]>;
  /** The latest traces of a target. */
  recent(target: string, limit: number): Promise<readonly Trace[]>;
  /** Writes what was found in place of what was found before, unless spans have come since `updatedAt`. */
  saveAssessment(assessment: TraceAssessment, updatedAt: Date): Promise<void>;
  /** What was found in one trace. */
  signalsOf(traceId: string): Promise<readonly TraceSignal[]>;
  /** What was found in the traces of a target that began after `since`, newest first. */
  assessments(target: string, since: Date, limit: number): Promise<readonly TraceAssessment[]>;
  /** Deletes whole traces that began before `before`, so many at most. @returns how many. */
  deleteBefore(before: Date, limit: number): Promise<number>;
}
