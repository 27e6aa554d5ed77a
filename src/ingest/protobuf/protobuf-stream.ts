import { types } from 'node:util';
import { Cursor } from '../cursor';
import { ByteQueue } from '../json/byte-queue';
import type { SpanStream } from '../json-stream';
import { LIMITS } from '../limits';
import type { DocumentReader, SpanSink } from '../reader';
import { reject } from '../span-list';
import { tracesDataType } from './definitions';
import { BadWire, encodeField, fieldAt, type WireField } from './wire';

/** The messages that hold each other: request, resource, scope; what they list, by the tag of the field. */
const LISTS = [
  { tag: 0x0a, key: 'resourceSpans' },
  { tag: 0x12, key: 'scopeSpans' },
  { tag: 0x12, key: 'spans' },
] as const;
const FRAME_HEADER_BYTES = 4;

/** A message that is open, because it is too large to be read at once, or because it is all there is. */
interface OpenMessage {
  readonly list: (typeof LISTS)[number];
  /** Bytes of it that are still to come. */
  remaining: number;
  /** Its fields beside the list. */
  readonly context: Buffer[];
  /** Of the element that comes next. */
  index: number;
}

export interface ProtobufOptions {
  /** Whether every request comes after its length in four bytes, as the collector's file exporter writes them. */
  readonly isFramed: boolean;
  readonly sliceBytes: number;
  /** The indices of the first elements, in a part of a larger request. */
  readonly starts: readonly number[];
}

/**
 * Reads OTLP in protobuf, of any size: elements are collected and decoded together, with what they are in, and what is larger
 * than a slice is opened. A message that is broken costs itself alone where its length is known.
 */
export class ProtobufStream implements SpanStream {
  private readonly queue = new ByteQueue();
  private readonly open: OpenMessage[];
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private skips = 0;
  private sliceBytes: number;
  private isFirst = true;
  private stopped = false;

  constructor(
    private readonly read: DocumentReader,
    private readonly options: ProtobufOptions = {
      isFramed: false,
      sliceBytes: LIMITS.sliceBytes,
      starts: [],
    },
  ) {
    this.sliceBytes = options.sliceBytes;
    this.open = [this.message(0, options.isFramed ? 0 : Infinity)];
  }

  push(chunk: Uint8Array, out: SpanSink): void {
    if (this.stopped) return;
    this.queue.append(chunk);
    this.scan(out);
  }

  end(out: SpanSink): void {
    if (this.stopped) return;
    // What was waited for does not come any more: all that is whole within it is read.
    this.sliceBytes = 0;
    this.scan(out);
    this.flush(out);
    const isWhole = this.open.length === 1 && this.skips === 0 && this.queue.from === this.queue.to;
    if (!isWhole && !this.stopped) reject(out, this.position(), 'The request ends before it is complete.');
  }

  private get innermost(): OpenMessage {
    return this.open.at(-1)!;
  }

  private scan(out: SpanSink): void {
    try {
      while (this.step(out));
    } catch (error) {
      if (!(error instanceof BadWire)) throw error;
      this.flush(out);
      reject(out, this.position(), `It is not valid protobuf: ${error.message}.`);
      if (this.open.length === 1) this.stopped = true;
      else {
        this.skip(this.innermost.remaining);
        this.scan(out);
      }
    }
  }

  /** Takes the next field; false when more bytes are needed. */
  private step(out: SpanSink): boolean {
    const { queue, innermost } = this;
    if (this.skips > 0) return this.skip(0);
    if (innermost.remaining === 0) return this.close(out);
    const field = fieldAt(queue.bytes, queue.from, queue.to);
    if (field === null) return false;
    const size = field.start - queue.from + field.length;
    if (size > innermost.remaining) throw new BadWire('a field is longer than what it is in');
    const isElement = field.tag === innermost.list.tag;
    const canOpen = isElement && this.open.length < LISTS.length;
    if (canOpen && field.length > this.sliceBytes) return this.descend(field, out);
    if (field.length > LIMITS.recordBytes) return this.leaveOut(size, isElement, out);
    if (queue.to - queue.from < size) return false;
    return this.take(field, size, isElement, out);
  }

  private leaveOut(size: number, isElement: boolean, out: SpanSink): boolean {
    reject(out, this.position(), `This record is larger than ${LIMITS.recordBytes / 1_024 / 1_024} MiB.`);
    if (isElement) this.innermost.index++;
    return this.skip(size);
  }

  private take({ start, length }: WireField, size: number, isElement: boolean, out: SpanSink): boolean {
    const { queue, innermost } = this;
    const bytes = Buffer.from(queue.bytes.subarray(queue.from, start + length));
    queue.from += size;
    innermost.remaining -= size;
    if (!isElement) innermost.context.push(bytes);
    else {
      this.pending.push(bytes);
      this.pendingBytes += size;
      innermost.index++;
      if (this.pendingBytes >= this.sliceBytes) this.flush(out);
    }
    return true;
  }

  private descend({ start, length }: WireField, out: SpanSink): boolean {
    this.flush(out);
    this.innermost.remaining -= start - this.queue.from + length;
    this.queue.from = start;
    this.open.push(this.message(this.open.length, length));
    return true;
  }

  private close(out: SpanSink): boolean {
    if (this.open.length === 1) return this.nextFrame();
    this.flush(out);
    this.open.pop();
    this.innermost.index++;
    this.isFirst = false;
    return true;
  }

  private nextFrame(): boolean {
    const { queue } = this;
    if (queue.to - queue.from < FRAME_HEADER_BYTES) return false;
    this.innermost.remaining = queue.bytes.readUInt32BE(queue.from);
    queue.from += FRAME_HEADER_BYTES;
    return true;
  }

  /** Leaves out that many bytes more, as far as they are here. */
  private skip(bytes: number): boolean {
    const { queue } = this;
    this.skips += bytes;
    this.innermost.remaining -= bytes;
    const here = Math.min(this.skips, queue.to - queue.from);
    queue.from += here;
    this.skips -= here;
    return this.skips === 0;
  }

  private message(level: number, remaining: number): OpenMessage {
    const list = LISTS[level]!;
    const start = this.isFirst ? (this.options.starts[level] ?? 0) : 0;
    return { list, remaining, context: [], index: start };
  }

  /** Decodes what has been collected, within all that it is in. */
  private flush(out: SpanSink): void {
    if (this.pending.length === 0) return;
    const starts = this.open.map(({ index }) => index);
    starts[starts.length - 1]! -= this.pending.length;
    let body = Buffer.concat([...this.innermost.context, ...this.pending]);
    for (const { context, list } of this.open.slice(0, -1).toReversed()) {
      body = Buffer.concat([...context, encodeField(list.tag, body)]);
    }
    const isOne = this.pending.length === 1 && this.open.length === LISTS.length;
    this.pending = [];
    this.pendingBytes = 0;
    this.isFirst = false;
    this.decode(body, starts, isOne, out);
  }

  private decode(body: Buffer, starts: readonly number[], isOneSpan: boolean, out: SpanSink): void {
    const request = decoded(body);
    if (!(request instanceof BadWire)) this.read(request, new Cursor('', starts), out);
    else if (isOneSpan) {
      const position = starts.map((start, level) => `/${LISTS[level]!.key}/${start}`).join('');
      reject(out, position, `It is not valid protobuf: ${request.message}.`);
    } else {
      const parts = new ProtobufStream(this.read, { isFramed: false, sliceBytes: 0, starts });
      parts.push(body, out);
      parts.end(out);
    }
  }

  private position(): string {
    return this.open.map(({ list, index }) => `/${list.key}/${index}`).join('');
  }
}

/** The library throws errors of several classes for bytes that it cannot decode. */
function decoded(body: Buffer): unknown {
  try {
    return tracesDataType().decode(body);
  } catch (error) {
    if (types.isNativeError(error)) return new BadWire(error.message);
    throw error;
  }
}
