import type { Span } from '../../domain/trace';
import type { Cursor } from '../cursor';
import { BadSpan, isRecord } from '../fields';
import { isText } from '../json/lossless';
import { tracerSpan, type TracerContext } from './datadog-span';

/** Rows of v0.5: service, name, resource, ids of trace, span and parent, start, duration, error, meta, metrics, type. */
const ROW_LENGTH = 12;

/** A span of v0.5 in the form of v0.4; null where the row is none. */
interface Row {
  readonly row: unknown;
  readonly span: Readonly<Record<string, unknown>> | null;
  readonly position: string;
}

/** Tells v0.5, whose texts are in a table before the traces, so that spans hold numbers. */
export function isStringTableDocument(list: readonly unknown[]): boolean {
  const [table, traces] = list;
  if (list.length !== 2 || !Array.isArray(table) || !Array.isArray(traces)) return false;
  if (!table.every(isText)) return false;
  const trace: unknown = traces[0];
  return traces.length === 0 || (Array.isArray(trace) && (trace.length === 0 || Array.isArray(trace[0])));
}

/** The rows of all traces, with their texts looked up. */
export function rowsOf(list: readonly unknown[], at: Cursor): readonly Row[] {
  const [table, traces]: readonly unknown[] = list;
  const texts: readonly unknown[] = Array.isArray(table) ? table : [];
  if (!Array.isArray(traces)) return [];
  const all: readonly unknown[] = traces;
  return all.flatMap((trace, traceIndex) => {
    const within = at.element('', 1).element('', traceIndex);
    const rows: readonly unknown[] = Array.isArray(trace) ? trace : [trace];
    return rows.map((row, index) => ({ row, span: asSpan(row, texts), position: within.pointer('', index) }));
  });
}

/** @throws {BadSpan} */
export function spanOfRow(span: Row['span'], context: TracerContext, position: string): Span {
  if (span === null)
    throw new BadSpan(`It is not a row of ${ROW_LENGTH} values that the string table explains.`);
  return tracerSpan(span, context, position);
}

function asSpan(row: unknown, texts: readonly unknown[]): Row['span'] {
  if (!Array.isArray(row) || row.length !== ROW_LENGTH) return null;
  const cells: readonly unknown[] = row;
  const [service, name, resource, traceId, spanId, parentId, start, duration, error, meta, metrics, type] =
    cells;
  const text = (index: unknown): unknown => (typeof index === 'number' ? texts[index] : undefined);
  const looked = [service, name, resource, type].map(text);
  const tags = renamed(meta, texts, text);
  const numbers = renamed(metrics, texts, (value) => value);
  if (!looked.every(isText) || tags === null || numbers === null) return null;
  return {
    service: looked[0],
    name: looked[1],
    resource: looked[2],
    type: looked[3],
    trace_id: traceId,
    span_id: spanId,
    parent_id: parentId,
    start,
    duration,
    error,
    meta: tags,
    metrics: numbers,
  };
}

/** An object with indices for keys, by the texts that they stand for; null when one stands for none. */
function renamed(
  value: unknown,
  texts: readonly unknown[],
  read: (value: unknown) => unknown,
): Record<string, unknown> | null {
  if (!isRecord(value)) return null;
  const record: Record<string, unknown> = {};
  for (const [index, item] of Object.entries(value)) {
    const key = texts[Number(index)];
    const found = read(item);
    if (!isText(key) || found === undefined) return null;
    record[key] = found;
  }
  return record;
}
