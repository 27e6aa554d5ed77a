import type { RejectedSpan, TraceFormat } from '../domain/trace';
import type { GenAiSummary } from '../domain/trace-genai';

export interface IntakeOptions {
  /** The configured name of the application that the traces are of. */
  readonly target: string;
  /** Read as this, whatever it looks like. */
  readonly format?: TraceFormat;
  readonly encoding?: 'json' | 'protobuf';
  /** More than so much, decompressed, is not read. */
  readonly maxBytes?: number;
  /** How far an earlier attempt at the same stream came. */
  readonly from?: IntakeFigures;
  /** Told whenever spans have been stored. */
  readonly onProgress?: (figures: IntakeFigures) => Promise<void>;
}

/** How far a stream has been dealt with, and what became of its spans; names as the API shows them. */
export interface IntakeFigures {
  /** Spans that could be read. */
  readonly seen: number;
  readonly stored: number;
  /** Were there already. */
  readonly duplicates: number;
  /** Left out by the sample rate of shadow mode. */
  readonly not_sampled: number;
  /** How often each rule of redaction found something. */
  readonly redacted: Readonly<Record<string, number>>;
}

export const NOTHING_TAKEN: IntakeFigures = {
  seen: 0,
  stored: 0,
  duplicates: 0,
  not_sampled: 0,
  redacted: {},
};

/** What a stream of traces holds, in numbers; names as API and command line show them. */
export interface TraceSummary {
  /** Null when it was refused. */
  readonly format: TraceFormat | null;
  /** 0–1. */
  readonly confidence: number;
  readonly why: readonly string[];
  readonly traces: number;
  readonly spans: number;
  readonly error_spans: number;
  /** The first hundred. */
  readonly rejected: readonly RejectedSpan[];
  readonly rejected_count: number;
  /** Why there were no spans. */
  readonly reason?: string;
  readonly gen_ai: GenAiSummary;
}

/** What became of traces that were received. */
export interface IntakeSummary extends TraceSummary, Omit<IntakeFigures, 'seen'> {}

/** Reads traces in any format, takes out what must not be stored, and stores the rest. */
export interface TraceIntake {
  /** Rejects only for errors of the source and of the database. */
  receive(source: AsyncIterable<Uint8Array>, options: IntakeOptions): Promise<IntakeSummary>;
}
