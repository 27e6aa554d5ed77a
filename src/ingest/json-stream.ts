import { Cursor } from './cursor';
import { LineSplitter } from './json/line-splitter';
import type { ListPlan } from './json/list-plan';
import { parseJson } from './json/lossless';
import { documentPrefix, JsonSplitter, pointerTo } from './json/splitter';
import type { JsonSlice, ListPlace, SplitPart } from './json/splitter';
import type { DocumentReader, SpanSink, TraceFormatReader } from './reader';
import { refusalOf } from './refusals';
import { reject } from './span-list';

/** What a stream of bytes is read with, once its format is known. */
export interface SpanStream {
  push(chunk: Uint8Array, out: SpanSink): void;
  end(out: SpanSink): void;
}

/** Reads JSON of a format: documents one after the other, or one in each line. */
export class JsonStream implements SpanStream {
  private readonly splitter: JsonSplitter | LineSplitter;
  private readonly lists: ListPlan;
  private readonly read: DocumentReader;

  constructor(
    reader: TraceFormatReader,
    private readonly isLines: boolean,
  ) {
    this.lists = reader.lists;
    this.read = reader.open();
    this.splitter = isLines ? new LineSplitter() : new JsonSplitter(reader.lists);
  }

  push(chunk: Uint8Array, out: SpanSink): void {
    for (const part of this.splitter.push(chunk)) this.take(part, out);
  }

  end(out: SpanSink): void {
    for (const part of this.splitter.end()) this.take(part, out);
  }

  private take(part: SplitPart, out: SpanSink): void {
    if (!('bytes' in part)) {
      out.rejected.push(part);
      return;
    }
    const where = this.isLines ? `line ${part.document} ` : documentPrefix(part.document);
    const document = parsed(part.bytes);
    if (document instanceof SyntaxError) this.salvage(part, where, document, out);
    else this.document(document, cursorAt(where, part.lists), out);
  }

  private document(document: unknown, at: Cursor, out: SpanSink): void {
    const refusal = refusalOf(document);
    if (refusal === null) this.read(document, at, out);
    else reject(out, at.toString(), refusal);
  }

  /** One broken record must not cost the others of its slice: each is parsed alone. */
  private salvage(slice: JsonSlice, where: string, error: SyntaxError, out: SpanSink): void {
    const splitter = new JsonSplitter(this.lists, 0);
    const rejected = out.rejected.length;
    for (const part of [...splitter.push(slice.bytes), ...splitter.end()]) {
      if (!('bytes' in part)) continue;
      const document = parsed(part.bytes);
      if (!(document instanceof SyntaxError)) {
        this.document(document, cursorAt(where, within(slice.lists, part.lists)), out);
      } else if (part.last.length > 0) {
        const place = pointerTo(within(slice.lists, part.last));
        reject(out, where + place, `It is not valid JSON: ${document.message}.`);
      }
    }
    if (out.rejected.length > rejected) return;
    reject(out, cursorAt(where, []).toString(), `It is not valid JSON: ${error.message}.`);
  }
}

function cursorAt(where: string, lists: readonly ListPlace[]): Cursor {
  return new Cursor(
    where,
    lists.map(({ index }) => index),
  );
}

function parsed(bytes: Buffer): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

/** A place in a slice of a slice, in the whole document. */
function within(outer: readonly ListPlace[], inner: readonly ListPlace[]): readonly ListPlace[] {
  let isFirst = true;
  return inner.map(({ path, index }, depth) => {
    const place = { path, index: index + (isFirst ? (outer[depth]?.index ?? 0) : 0) };
    isFirst &&= index === 0;
    return place;
  });
}
