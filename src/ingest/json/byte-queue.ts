const FIRST_CAPACITY = 8 * 1_024;

/** Bytes that are appended at the end and given up from the front, with room before the rest to put something back. */
export class ByteQueue {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  /** What is kept lies between the two. */
  from = 0;
  to = 0;

  /** Makes room and appends. Returns by how much the bytes kept have moved to the front. */
  append(chunk: Uint8Array): number {
    const moved = this.from;
    const kept = this.to - moved;
    if (kept + chunk.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(2 * (kept + chunk.length));
      this.bytes.copy(larger, 0, moved, this.to);
      this.bytes = larger;
    } else if (moved > 0) this.bytes.copyWithin(0, moved, this.to);
    this.bytes.set(chunk, kept);
    this.from = 0;
    this.to = kept + chunk.length;
    return moved;
  }

  /** Gives up all before `at`, and puts `prefix` there; it must fit. */
  restart(at: number, prefix: Buffer): void {
    this.from = at - prefix.length;
    prefix.copy(this.bytes, this.from);
  }
}
