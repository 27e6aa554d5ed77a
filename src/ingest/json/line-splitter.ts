import { LIMITS } from '../limits';
import { ByteQueue } from './byte-queue';
import type { SplitPart } from './splitter';

const NEWLINE = 0x0a;

/** Cuts a stream in which every line is a document; blank lines are none. */
export class LineSplitter {
  private readonly queue = new ByteQueue();
  private searched = 0;
  private lines = 1;
  private discards = false;

  push(chunk: Uint8Array): SplitPart[] {
    const parts: SplitPart[] = [];
    this.searched -= this.queue.append(chunk);
    const { queue } = this;
    for (;;) {
      const end = queue.bytes.subarray(0, queue.to).indexOf(NEWLINE, this.searched);
      if (end < 0) break;
      this.line(end, parts);
      queue.from = end + 1;
      this.searched = end + 1;
      this.lines++;
    }
    this.searched = queue.to;
    if (queue.to - queue.from > LIMITS.recordBytes) this.discards = true;
    if (this.discards) queue.from = queue.to;
    return parts;
  }

  end(): SplitPart[] {
    const parts: SplitPart[] = [];
    this.line(this.queue.to, parts);
    return parts;
  }

  private line(end: number, parts: SplitPart[]): void {
    const { bytes, from } = this.queue;
    if (this.discards) {
      this.discards = false;
      const size = LIMITS.recordBytes / 1_024 / 1_024;
      parts.push({ position: `line ${this.lines}`, reason: `This line is longer than ${size} MiB.` });
    } else if (!isBlank(bytes, from, end)) {
      parts.push({
        bytes: Buffer.from(bytes.subarray(from, end)),
        lists: [],
        last: [],
        document: this.lines,
      });
    }
  }
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
