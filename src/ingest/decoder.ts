import type { RejectedSpan, Span, TraceFormat } from '../domain/trace';
import { detect, formatGiven, type Detection } from './detect';
import { readHead } from './json/head';
import { JsonStream, type SpanStream } from './json-stream';
import { LIMITS } from './limits';
import type { SpanSink, TraceFormatReader } from './reader';

export interface DecodeOptions {
  /** Read as this, whatever it looks like. */
  readonly format?: TraceFormat;
}

/** What a piece of a stream held. */
export interface TraceBatch {
  readonly spans: readonly Span[];
  readonly rejected: readonly RejectedSpan[];
}

/** Reads the spans of a stream of bytes, piece by piece, once its beginning has told the format. */
export class TraceDecoder {
  private head: Buffer[] | null = [];
  private headBytes = 0;
  private stream: SpanStream | null = null;
  private found: Detection | null = null;

  constructor(
    private readonly readers: readonly TraceFormatReader[],
    private readonly options: DecodeOptions = {},
  ) {}

  /** Null until the format is known, which is at the latest at the end. */
  get detection(): Detection | null {
    return this.found;
  }

  /** The rest need not be read. */
  get isRefused(): boolean {
    return this.found !== null && this.stream === null;
  }

  push(chunk: Uint8Array): TraceBatch {
    const out: SpanSink = { spans: [], rejected: [] };
    if (this.head === null) this.stream?.push(chunk, out);
    else {
      this.head.push(Buffer.from(chunk));
      this.headBytes += chunk.length;
      if (this.headBytes >= LIMITS.headBytes) this.begin(this.head, false, out);
    }
    return out;
  }

  end(): TraceBatch {
    const out: SpanSink = { spans: [], rejected: [] };
    if (this.head !== null) this.begin(this.head, true, out);
    this.stream?.end(out);
    return out;
  }

  private begin(pieces: readonly Buffer[], isWhole: boolean, out: SpanSink): void {
    const bytes = withoutByteOrderMark(Buffer.concat(pieces));
    this.head = null;
    const head = readHead(
      bytes.subarray(0, LIMITS.headBytes),
      isWhole && bytes.length <= LIMITS.headBytes,
      this.readers.map(({ lists }) => lists),
    );
    this.found =
      this.options.format === undefined ? detect(head, this.readers) : formatGiven(this.options.format);
    const reader = this.readers.find(({ format }) => format === this.found?.format);
    if (reader === undefined) {
      out.rejected.push({ position: '', reason: this.found.reason ?? 'It was refused.' });
      return;
    }
    this.stream = new JsonStream(reader, head.isLines);
    this.stream.push(bytes, out);
  }
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
