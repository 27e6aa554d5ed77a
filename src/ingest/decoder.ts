import type { RejectedSpan, Span, TraceFormat } from '../domain/trace';
import { detect, formatGiven, type Detection } from './detect';
import { readHead } from './json/head';
import { JsonStream, type SpanStream } from './json-stream';
import { LIMITS } from './limits';
import { isBinary, recogniseProtobuf } from './protobuf/recognition';
import { ProtobufStream } from './protobuf/protobuf-stream';
import { compressionNote } from './compression';
import type { SpanSink, TraceFormatReader } from './reader';

export interface DecodeOptions {
  /** Read as this, whatever it looks like. */
  readonly format?: TraceFormat;
  /** Whether bytes are text or protobuf; told by what they are when it is not given. */
  readonly encoding?: 'json' | 'protobuf';
  /** More than so much, decompressed, is not read. */
  readonly maxBytes?: number;
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
    const bytes = Buffer.concat(pieces);
    this.head = null;
    const { encoding } = this.options;
    const isProtobuf = encoding === undefined ? isBinary(bytes) : encoding === 'protobuf';
    if (isProtobuf) this.beginProtobuf(bytes, out);
    else this.beginJson(withoutByteOrderMark(bytes), isWhole, out);
  }

  private beginJson(bytes: Buffer, isWhole: boolean, out: SpanSink): void {
    const head = readHead(
      bytes.subarray(0, LIMITS.headBytes),
      isWhole && bytes.length <= LIMITS.headBytes,
      this.readers.map(({ lists }) => lists),
    );
    const { format } = this.options;
    this.start(
      format === undefined ? detect(head, this.readers) : formatGiven(format),
      bytes,
      out,
      (reader) => {
        return new JsonStream(reader, head.isLines);
      },
    );
  }

  private beginProtobuf(bytes: Buffer, out: SpanSink): void {
    const { format = 'otlp', encoding } = this.options;
    const { isTraces, isFramed, why } = recogniseProtobuf(bytes);
    const isRead = (isTraces || encoding === 'protobuf') && format === 'otlp';
    const found = isRead
      ? { format, confidence: 1, why: [why], reason: null }
      : { format: null, confidence: 0, why: [], reason: compressionNote(bytes) ?? why };
    this.start(found, bytes, out, (reader) => {
      return new ProtobufStream(reader.open(), { isFramed, sliceBytes: LIMITS.sliceBytes, starts: [] });
    });
  }

  private start(
    found: Detection,
    bytes: Buffer,
    out: SpanSink,
    streamOf: (reader: TraceFormatReader) => SpanStream,
  ): void {
    this.found = found;
    const reader = this.readers.find(({ format }) => format === found.format);
    if (reader === undefined) {
      out.rejected.push({ position: '', reason: found.reason ?? 'It was refused.' });
      return;
    }
    this.stream = streamOf(reader);
    this.stream.push(bytes, out);
  }
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
