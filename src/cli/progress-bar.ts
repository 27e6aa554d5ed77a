import { columnsOf, type Output } from './context';
import { oneLine, shortened } from './terminal-text';

/** What is read faster than it can be seen shows none. */
const LEAST_BYTES = 4_000_000;
const REDRAW_MS = 100;
const BYTES_PER_MB = 1_000_000;
const MAX_NAME = 30;
const MAX_BAR = 40;
const CLEAR_LINE = '\r\u001b[2K';

/** How far a file has been read, on one line of a terminal; nothing where there is no terminal. */
export class ProgressBar {
  private readonly isShown: boolean;
  private readonly started = Date.now();
  private readonly name: string;
  private done = 0;
  private drawnAt = 0;

  constructor(
    private readonly output: Output,
    name: string,
    private readonly totalBytes: number,
  ) {
    this.isShown = output.isTTY === true && totalBytes >= LEAST_BYTES;
    this.name = shortened(oneLine(name), MAX_NAME);
  }

  advance(bytes: number): void {
    this.done += bytes;
    const now = Date.now();
    if (!this.isShown || now - this.drawnAt < REDRAW_MS) return;
    this.drawnAt = now;
    this.output.write(CLEAR_LINE + this.line(now));
  }

  /** The same bytes, counted as they are read. */
  async *counting(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.advance(chunk.length);
      yield chunk;
    }
  }

  /** Takes the line away again. */
  end(): void {
    if (this.drawnAt > 0) this.output.write(CLEAR_LINE);
  }

  private line(now: number): string {
    const share = Math.min(1, this.done / this.totalBytes);
    const perSecond = this.done / BYTES_PER_MB / Math.max(0.001, (now - this.started) / 1_000);
    const before = `${this.name} `;
    const after = ` ${Math.floor(share * 100)} %  ${perSecond.toFixed(1)} MB/s`;
    const width = Math.max(0, Math.min(MAX_BAR, columnsOf(this.output) - before.length - after.length - 3));
    const filled = Math.round(share * width);
    return `${before}[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]${after}`;
  }
}
