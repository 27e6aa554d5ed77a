import type { TraceFormat } from '../domain/trace';
import type { ApiRecord } from './records';
import type { IntakeFigures, IntakeSummary } from './trace-intake';

export interface UploadRequest {
  readonly target: string;
  readonly requestedBy: string;
  /** Read as this, whatever it looks like. */
  readonly format?: TraceFormat;
}

/** What became of an upload: read at once, or kept and being read by a workflow. */
type UploadOutcome =
  | { readonly kind: 'read'; readonly summary: IntakeSummary }
  | { readonly kind: 'kept'; readonly upload: ApiRecord };

/** Takes traces of any size. */
export interface TraceUploads {
  /** @throws {DomainError} `not_ready` when what is large cannot be given to Temporal: it is not kept then. */
  take(stream: AsyncIterable<Uint8Array>, request: UploadRequest): Promise<UploadOutcome>;
  get(id: string): Promise<ApiRecord | undefined>;
}

/** An upload that is read, as the activity sees it. */
export interface StoredUpload extends UploadRequest {
  readonly id: string;
  readonly state: 'receiving' | 'reading' | 'done' | 'failed';
  /** How far it was read before. */
  readonly figures: IntakeFigures;
}

/** Uploads until they are read. */
export interface TraceUploadStore {
  begin(id: string, request: UploadRequest): Promise<void>;
  append(id: string, ordinal: number, data: Uint8Array): Promise<void>;
  /** Everything is there. */
  received(id: string): Promise<void>;
  /** @throws {DomainError} `not_found`. */
  get(id: string): Promise<StoredUpload>;
  show(id: string): Promise<ApiRecord | undefined>;
  /** What was sent, in order. */
  data(id: string): AsyncIterable<Uint8Array>;
  progress(id: string, figures: IntakeFigures): Promise<void>;
  /** Writes down what it held and forgets what was sent. */
  done(id: string, summary: IntakeSummary): Promise<void>;
  fail(id: string, error: string): Promise<void>;
  /** Forgets what was begun before `before` and never received whole. */
  forgetBroken(before: Date): Promise<number>;
}
