/** As large as the zstd command allows unless it is told otherwise. */
const MAX_WINDOW_BYTES = 128 * 1_024 * 1_024;
const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;
const CHECKSUM_BYTES = 4;
const DICTIONARY_BYTES = [0, 1, 2, 4];
const RLE = 1;

/**
 * Follows the frames of zstd (RFC 8878) by their headers alone, and refuses one whose window would fill the memory: the
 * decoder allocates what a header asks for.
 */
export class ZstdFrames {
  private held: number[] = [];
  private skips = 0;
  private inFrame = false;
  private checksum = 0;

  /** @throws {Error} */
  accept(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(this.skips, chunk.length - at);
      this.skips -= skipped;
      at += skipped;
      if (at < chunk.length) {
        this.held.push(chunk[at++]!);
        this.step();
      }
    }
  }

  /** Whether a frame has ended, and nothing has begun after it. */
  get isWhole(): boolean {
    return !this.inFrame && this.held.length === 0 && this.skips === 0;
  }

  private step(): void {
    if (this.inFrame) this.block();
    else if (this.held.length === 8 && this.number(0, 4) >>> 4 === SKIPPABLE_MAGIC)
      this.next(this.number(4, 4));
    else if (this.held.length >= 5 && this.number(0, 4) === MAGIC) this.frame();
    else if (this.held.length >= 8) throw new Error('What follows a frame is none.');
  }

  private frame(): void {
    const descriptor = this.held[4]!;
    const isSingle = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 1 << sizeFlag;
    const before = 5 + Number(!isSingle) + DICTIONARY_BYTES[descriptor & 3]!;
    if (this.held.length < before + sizeBytes) return;
    const window = isSingle ? this.number(before, sizeBytes) : windowOf(this.held[5]!);
    if (window > MAX_WINDOW_BYTES)
      throw new Error(`It needs a window of ${Math.ceil(window / 1_024 / 1_024)} MiB.`);
    this.checksum = (descriptor & 4) === 0 ? 0 : CHECKSUM_BYTES;
    this.inFrame = true;
    this.next(0);
  }

  private block(): void {
    if (this.held.length < 3) return;
    const header = this.number(0, 3);
    const isLast = (header & 1) === 1;
    const size = ((header >> 1) & 3) === RLE ? 1 : header >> 3;
    this.inFrame = !isLast;
    this.next(size + (isLast ? this.checksum : 0));
  }

  private next(skips: number): void {
    this.held = [];
    this.skips = skips;
  }

  private number(start: number, bytes: number): number {
    let value = 0;
    for (let at = bytes - 1; at >= 0; at--) value = value * 256 + this.held[start + at]!;
    return value;
  }
}

/** Exponent and eighths. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
