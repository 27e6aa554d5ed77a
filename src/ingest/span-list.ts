import type { Span } from '../domain/trace';
import type { Cursor } from './cursor';
import { BadSpan } from './fields';
import type { SpanSink } from './reader';

export type SpanReading = (value: unknown, position: string) => Span;

/** Reads each element of a list into the sink; one that cannot be read is rejected, with its position, and costs no other. */
export function readEach(
  list: readonly unknown[],
  at: Cursor,
  key: string,
  out: SpanSink,
  read: SpanReading,
): void {
  for (let index = 0; index < list.length; index++) readOne(list[index], at.pointer(key, index), out, read);
}

/** Reads a span into the sink, or rejects it. */
export function readOne(value: unknown, position: string, out: SpanSink, read: SpanReading): void {
  const span = attempt(out, position, () => read(value, position));
  if (span !== null) out.spans.push(span);
}

/** What a part of a document holds; null when it cannot be read, which is then recorded. */
export function attempt<T>(out: SpanSink, position: string, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BadSpan)) throw error;
    reject(out, position, error.message);
    return null;
  }
}

export function reject(out: SpanSink, position: string, reason: string): void {
  out.rejected.push({ position, reason });
}
