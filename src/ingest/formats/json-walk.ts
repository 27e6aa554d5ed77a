import type { Resource, Span, TraceFormat } from '../../domain/trace';
import type { Cursor } from '../cursor';
import { firstOf, isMissing, isRecord, type JsonRecord } from '../fields';
import type { SpanSink } from '../reader';
import { attempt, reject } from '../span-list';
import { JSON_NAMES } from './json-fields';
import { jsonSpan, resourceOf, type JsonSurroundings } from './json-span';

/** Where documents of JSON keep their spans. */
export const JSON_LISTS = ['spans', 'traces', 'data', 'trace'] as const;

const MAX_DEPTH = 100;
const NO_RESOURCE: Resource = { attributes: {} };

/** Reads spans of JSON of a format, wherever they are; `finish` has the last word on each. */
export class JsonWalk {
  constructor(
    private readonly format: TraceFormat,
    private readonly finish: (span: Span) => Span,
  ) {}

  read(document: unknown, at: Cursor, out: SpanSink): void {
    const around = { format: this.format, traceId: undefined, parentId: undefined, resource: NO_RESOURCE };
    if (Array.isArray(document)) this.list(document, at, '', around, out, 0);
    else this.element(document, at, around, out, 0);
  }

  private list(
    list: readonly unknown[],
    at: Cursor,
    key: string,
    around: JsonSurroundings,
    out: SpanSink,
    depth: number,
  ): void {
    for (let index = 0; index < list.length; index++) {
      const item = list[index];
      if (isPlainSpan(item)) this.span(item, at.pointer(key, index), around, out);
      else this.element(item, at.element(key, index), around, out, depth + 1);
    }
  }

  private element(value: unknown, at: Cursor, around: JsonSurroundings, out: SpanSink, depth: number): void {
    if (depth > MAX_DEPTH) reject(out, at.toString(), `It is nested deeper than ${MAX_DEPTH} levels.`);
    else if (Array.isArray(value)) this.list(value, at, '', around, out, depth);
    else if (isRecord(value) && listIn(value) !== undefined) this.wrapper(value, at, around, out, depth);
    else {
      const children = this.span(value, at.toString(), around, out);
      if (children !== null) this.list(children.list, at, children.key, children.around, out, depth);
    }
  }

  /** What holds spans and is none, such as a trace. */
  private wrapper(
    value: JsonRecord,
    at: Cursor,
    outer: JsonSurroundings,
    out: SpanSink,
    depth: number,
  ): void {
    const service = firstOf(value, JSON_NAMES.service);
    const resource = attempt(out, at.toString(), () => resourceOf(value.resource, service, outer.resource));
    for (const key of JSON_LISTS) {
      const list = value[key];
      if (isMissing(list)) continue;
      const traceId = traceIdOfWrapper(value, key) ?? outer.traceId;
      const around = { ...outer, traceId, resource: resource ?? outer.resource };
      if (Array.isArray(list)) this.list(list, at, key, around, out, depth);
      else if (isRecord(list)) this.element(list, at.member(key), around, out, depth + 1);
      else reject(out, at.member(key).toString(), 'It is not an array.');
    }
  }

  /** Reads a span; returns those that are in it. */
  private span(value: unknown, position: string, around: JsonSurroundings, out: SpanSink): Children | null {
    const read = attempt(out, position, () => jsonSpan(value, around, position));
    if (read !== null) out.spans.push(this.finish(read));
    const key = isRecord(value) ? childrenKey(value) : undefined;
    const list = isRecord(value) && key !== undefined ? value[key] : undefined;
    if (key === undefined || !Array.isArray(list)) return null;
    const within = { ...around, parentId: read?.spanId, traceId: read?.traceId ?? around.traceId };
    return { key, list, around: within };
  }
}

interface Children {
  readonly key: string;
  readonly list: readonly unknown[];
  readonly around: JsonSurroundings;
}

/** The id that what holds spans under that key gives their trace, which may be called by `id` alone. */
export function traceIdOfWrapper(value: JsonRecord, key: string): unknown {
  return firstOf(value, JSON_NAMES.traceId) ?? (key === 'spans' ? value.id : undefined);
}

/** The list that a value keeps spans in, when it is no span itself. */
export function listIn(value: JsonRecord): (typeof JSON_LISTS)[number] | undefined {
  return JSON_LISTS.find((key) => typeof value[key] === 'object' && value[key] !== null);
}

function childrenKey(value: JsonRecord): string | undefined {
  return JSON_NAMES.children.find((key) => value[key] !== undefined);
}

/** A span with nothing in it, which most are. */
function isPlainSpan(value: unknown): boolean {
  return (
    isRecord(value) &&
    value.span_id !== undefined &&
    childrenKey(value) === undefined &&
    listIn(value) === undefined
  );
}
