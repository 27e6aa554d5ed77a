import type { RejectedSpan } from '../../domain/trace';
import { LIMITS } from '../limits';
import { ByteQueue } from './byte-queue';
import { Frame, reopen } from './frame';
import type { ListPlan } from './list-plan';

/** A part of a stream of JSON that is a document of the same shape, though not always a valid one. */
export interface JsonSlice {
  readonly bytes: Buffer;
  /** The lists that it continues, from the outermost; none at the start of a document. */
  readonly lists: readonly ListPlace[];
  /** The element that it ends with; none when it ends with the document. */
  readonly last: readonly ListPlace[];
  /** Which document of the stream, from 1. */
  readonly document: number;
}

/** An element of a list. */
export interface ListPlace {
  /** A JSON pointer to the list, from the element that it is in. */
  readonly path: string;
  /** In the whole document. */
  readonly index: number;
}

export type SplitPart = JsonSlice | RejectedSpan;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const OPEN_LIST = 0x5b;

const KIND = { other: 0, quote: 1, open: 2, close: 3, comma: 4, space: 5 } as const;
const KINDS = new Uint8Array(256);
for (const byte of Buffer.from('{[')) KINDS[byte] = KIND.open;
for (const byte of Buffer.from('}]')) KINDS[byte] = KIND.close;
for (const byte of Buffer.from(' \t\r\n')) KINDS[byte] = KIND.space;
KINDS[QUOTE] = KIND.quote;
KINDS[COMMA] = KIND.comma;

const PIECE_BYTES = 64 * 1_024;

/**
 * Cuts a stream of JSON documents, each of any size, into smaller documents of the same shape: between elements of the
 * lists of the plan, closing what is open and opening it again in the next, with the members that came before. It only
 * follows brackets and strings; whether a slice is valid JSON shows when it is parsed.
 */
export class JsonSplitter {
  private readonly queue = new ByteQueue();
  private at = 0;
  private innermost: Frame | null = null;
  /** Brackets open within a value that is not cut. */
  private nested = 0;
  private inString = false;
  private key = { from: 0, to: 0 };
  /** The last place where an element of a list had ended, and that list. */
  private boundary: { readonly at: number; readonly list: Frame } | null = null;
  private prefixBytes = 0;
  /** Of the slice that is being collected. */
  private lists: readonly ListPlace[] = [];
  private dropsComma = false;
  /** The element that is open is too large, and is not kept. */
  private discards = false;
  private inGarbage = false;
  private stopped = false;
  private documents = 1;
  private parts: SplitPart[] = [];

  constructor(
    private readonly plan: ListPlan,
    private readonly sliceBytes: number = LIMITS.sliceBytes,
  ) {}

  push(chunk: Uint8Array): SplitPart[] {
    for (let from = 0; from < chunk.length && !this.stopped; from += PIECE_BYTES) {
      this.moved(this.queue.append(chunk.subarray(from, from + PIECE_BYTES)));
      this.scan();
      this.bound();
    }
    return this.taken();
  }

  /** What is left when the stream has ended; a record that it ends in is rejected. */
  end(): SplitPart[] {
    const open = this.innermost !== null || this.nested > 0 || this.inString;
    if (open && !this.stopped) {
      if (this.boundary !== null) this.emit(this.boundary.at, this.boundary.list);
      this.reject('The document ends before it is complete.');
    }
    return this.taken();
  }

  private taken(): SplitPart[] {
    const parts = this.parts;
    this.parts = [];
    return parts;
  }

  private moved(bytes: number): void {
    if (bytes === 0) return;
    this.at -= bytes;
    this.key = { from: this.key.from - bytes, to: this.key.to - bytes };
    this.innermost?.moveBy(bytes);
    if (this.boundary !== null) this.boundary = { ...this.boundary, at: this.boundary.at - bytes };
  }

  private scan(): void {
    const { queue } = this;
    while (this.at < queue.to) {
      if (this.inString || this.nested > 0) {
        this.skipNested();
        if (this.inString || this.nested > 0) return;
      } else if (this.innermost === null) this.betweenDocuments();
      else this.step(this.innermost);
    }
  }

  /** Through a string, or a value that is not cut, as far as there are bytes. */
  private skipNested(): void {
    const wasNested = this.nested > 0;
    if (this.inString) this.skipString();
    const { bytes, to } = this.queue;
    let { at, nested } = this;
    while (at < to && nested > 0) {
      const kind = KINDS[bytes[at++]!]!;
      if (kind === KIND.open) nested++;
      else if (kind === KIND.close) nested--;
      else if (kind === KIND.quote) {
        this.at = at;
        this.skipString();
        at = this.at;
      }
    }
    this.at = at;
    this.nested = nested;
    if (wasNested && nested === 0) this.valueEnded();
  }

  /** To the end of the string that is open, as far as there are bytes. */
  private skipString(): void {
    const { bytes, to } = this.queue;
    let at = this.at;
    let byte = 0;
    while (at < to && byte !== QUOTE) {
      byte = bytes[at++]!;
      if (byte === BACKSLASH) at++;
    }
    this.at = at;
    this.inString = byte !== QUOTE;
    if (this.nested === 0) this.key.to = at - 1;
  }

  private step(frame: Frame): void {
    const kind = KINDS[this.queue.bytes[this.at]!];
    if (kind === KIND.quote) {
      this.key.from = ++this.at;
      this.inString = true;
    } else if (kind === KIND.open) this.open(frame);
    else if (kind === KIND.close) this.close(frame);
    else {
      if (kind === KIND.comma && frame.isList) this.comma(frame);
      this.at++;
    }
  }

  private comma(list: Frame): void {
    if (this.dropsComma) this.queue.bytes[this.at] = SPACE;
    else this.boundary = { at: this.at, list };
    this.dropsComma = false;
    list.index++;
  }

  private betweenDocuments(): void {
    const { queue } = this;
    const byte = queue.bytes[this.at]!;
    const kind = KINDS[byte];
    if (this.inGarbage) {
      if (byte === NEWLINE) this.inGarbage = false;
      this.at++;
    } else if (kind === KIND.open) {
      queue.from = this.at;
      this.open(null);
    } else {
      if (kind !== KIND.space && kind !== KIND.comma) {
        this.inGarbage = true;
        this.reject('What stands here is neither a JSON object nor an array.');
      }
      this.at++;
    }
    if (this.innermost === null && this.nested === 0) queue.from = this.at;
  }

  private open(parent: Frame | null): void {
    const { bytes } = this.queue;
    const isList = bytes[this.at] === OPEN_LIST;
    const key = parent === null || parent.isList ? '' : bytes.toString('latin1', this.key.from, this.key.to);
    const plan = parent === null ? (isList ? this.plan[''] : this.plan) : parent.planOf(isList, key);
    if (plan === null || plan === undefined) this.nested = 1;
    else this.innermost = new Frame(parent, isList, key, plan, this.at);
    this.at++;
  }

  private close(frame: Frame): void {
    this.at++;
    this.innermost = frame.parent;
    this.dropsComma = false;
    if (frame.isList) frame.parent?.closed.push(frame.start + 1, this.at - 1);
    this.valueEnded();
  }

  private valueEnded(): void {
    const list = this.innermost;
    if (list === null) this.documentEnded();
    else if (!list.isList) return;
    else if (this.discards) {
      this.discards = false;
      this.reject(TOO_LARGE);
      this.restart(list);
    } else {
      this.boundary = { at: this.at, list };
      const fresh = this.at - this.queue.from - this.prefixBytes;
      if (fresh < Math.max(this.sliceBytes, this.prefixBytes)) return;
      this.emit(this.at, list);
      this.restart(list);
    }
  }

  private documentEnded(): void {
    this.emit(this.at, null);
    this.queue.from = this.at;
    this.boundary = null;
    this.prefixBytes = 0;
    this.lists = [];
    this.documents++;
  }

  /** The next slice of the same lists starts here. */
  private restart(list: Frame): void {
    const prefix = reopen(list, this.queue.bytes, this.at);
    this.queue.restart(this.at, prefix);
    this.prefixBytes = prefix.length;
    this.lists = list.lists().map((one) => ({ path: one.path(), index: one.first }));
    this.boundary = null;
    this.dropsComma = true;
  }

  /** Keeps a record that never ends from filling the memory. */
  private bound(): void {
    const { queue } = this;
    if (this.discards) {
      const beyond = Math.max(0, this.at - queue.to);
      queue.to = queue.from + this.prefixBytes;
      this.at = queue.to + beyond;
    } else if (queue.to - queue.from > LIMITS.recordBytes) {
      if (this.boundary !== null) this.emit(this.boundary.at, this.boundary.list);
      this.discardElement();
    }
  }

  /** Gives up the element that is open, with all that is open in it. */
  private discardElement(): void {
    while (this.innermost !== null && !this.innermost.isList) {
      this.innermost = this.innermost.parent;
      this.nested++;
    }
    if (this.innermost === null) {
      this.reject(`${TOO_LARGE} What follows is not read.`);
      this.stopped = true;
    } else {
      this.restart(this.innermost);
      this.dropsComma = false;
      this.discards = true;
    }
  }

  private emit(to: number, list: Frame | null): void {
    const body = this.queue.bytes.subarray(this.queue.from, to);
    this.parts.push({
      bytes: Buffer.concat([body, Buffer.from(list?.closers ?? '')]),
      lists: this.lists,
      last: placeIn(list),
      document: this.documents,
    });
  }

  private reject(reason: string): void {
    const place = pointerTo(placeIn(this.innermost));
    this.parts.push({ position: documentPrefix(this.documents) + place, reason });
  }
}

const TOO_LARGE = `This record is larger than ${LIMITS.recordBytes / 1_024 / 1_024} MiB.`;

function placeIn(frame: Frame | null): readonly ListPlace[] {
  return frame?.lists().map((list) => ({ path: list.path(), index: list.index })) ?? [];
}

/** A JSON pointer to the innermost of them. */
export function pointerTo(places: readonly ListPlace[]): string {
  return places.map(({ path, index }) => `${path}/${index}`).join('');
}

/** Names a document in positions when it is not the first. */
export function documentPrefix(document: number): string {
  return document === 1 ? '' : `document ${document} `;
}
