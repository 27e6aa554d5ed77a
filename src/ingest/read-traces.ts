import type { RejectedSpan } from '../domain/trace';
import { BadCompression, decompressed } from './decompress';
import { TraceDecoder, type DecodeOptions, type TraceBatch } from './decoder';
import type { Detection } from './detect';
import { TRACE_FORMAT_READERS } from './index';
import { reasonOf } from './parse-traces';

/** Traces that are being read: its batches, and what is known of the whole once they have come. */
export interface TraceReading extends AsyncIterable<TraceBatch> {
  /** Null until the first batch. */
  readonly detection: Detection | null;
  /** At the end: why there were no spans; null when there were. */
  readonly reason: string | null;
}

/**
 * Reads a stream of any size in batches, in bounded memory; gzip and zstd are decompressed. What a stream holds never throws:
 * errors are those of the source itself. It can be read once.
 */
export function readTraces(source: AsyncIterable<Uint8Array>, options: DecodeOptions = {}): TraceReading {
  return new Reading(source, options);
}

class Reading implements TraceReading {
  private readonly decoder: TraceDecoder;
  private spans = 0;
  private bytes = 0;
  private rejections = 0;
  private firstRejected: RejectedSpan | null = null;

  constructor(
    private readonly source: AsyncIterable<Uint8Array>,
    private readonly options: DecodeOptions,
  ) {
    this.decoder = new TraceDecoder(TRACE_FORMAT_READERS, options);
  }

  get detection(): Detection | null {
    return this.decoder.detection;
  }

  get reason(): string | null {
    if (this.spans > 0) return null;
    return this.detection?.reason ?? reasonOf(this.firstRejected, this.rejections);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TraceBatch> {
    const { maxBytes = Infinity } = this.options;
    let broken: RejectedSpan | null = null;
    try {
      for await (const chunk of decompressed(this.source)) {
        this.bytes += chunk.length;
        if (this.bytes > maxBytes) throw new BadCompression(`It is larger than ${maxBytes} bytes.`);
        const batch = this.counted(this.decoder.push(chunk));
        if (batch.spans.length + batch.rejected.length > 0) yield batch;
        if (this.decoder.isRefused) return;
      }
    } catch (error) {
      if (!(error instanceof BadCompression)) throw error;
      broken = { position: '', reason: error.message };
    }
    const last = this.decoder.end();
    yield this.counted(broken === null ? last : { spans: last.spans, rejected: [broken, ...last.rejected] });
  }

  private counted(batch: TraceBatch): TraceBatch {
    this.spans += batch.spans.length;
    this.rejections += batch.rejected.length;
    this.firstRejected ??= batch.rejected[0] ?? null;
    return batch;
  }
}
