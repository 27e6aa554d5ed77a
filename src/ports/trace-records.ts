import type { SignalKind } from '../domain/trace-signal';
import type { ApiRecord, Page } from './records';

/** Which traces a list holds; nothing is required. */
export interface TraceFilter {
  readonly target?: string | undefined;
  readonly service?: string | undefined;
  readonly model?: string | undefined;
  readonly format?: string | undefined;
  readonly hasErrors?: boolean | undefined;
  readonly signal?: SignalKind | undefined;
  /** By the start of the trace. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** The read side of traces: PostgreSQL only. */
export interface TraceRecords {
  /** The latest first. @throws {DomainError} `invalid_cursor`. */
  list(
    filter: TraceFilter,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page>;
  /** A trace with its spans as a tree in reading order, its signals, and failures of the same kind; undefined when unknown. */
  get(traceId: string): Promise<ApiRecord | undefined>;
}
