import type { Cursor } from '../cursor';
import { isMissing, isRecord, type JsonRecord } from '../fields';
import { LEAF, type ListPlan } from '../json/list-plan';
import type { SpanSink, TraceFormatReader } from '../reader';
import { ServiceResources } from '../resources';
import { readEach, readOne, reject } from '../span-list';
import { apiSpan, isApiSpan, isLlmSpan, llmSpan, type LlmSurroundings } from './datadog-api';
import { UpperHalves } from './datadog-ids';
import { isTracerSpan, recogniseDatadog } from './datadog-recognition';
import { tracerSpan, type TracerContext } from './datadog-span';
import { isStringTableDocument, rowsOf, spanOfRow } from './datadog-v05';

const chunkLists: ListPlan = { spans: LEAF };
const traceLists: ListPlan = { '': LEAF, spans: LEAF, chunks: chunkLists };

/**
 * Traces of Datadog: what tracers send to the agent (v0.3 to v0.5) as nested or flat lists, payloads of the agent, answers
 * of the API for spans, and LLM Observability as sent and as exported.
 */
export const datadogReader: TraceFormatReader = {
  format: 'datadog',
  lists: {
    '': { ...traceLists, attributes: LEAF },
    traces: traceLists,
    data: LEAF,
    spans: LEAF,
    chunks: chunkLists,
    tracerPayloads: { chunks: chunkLists },
  },
  recognise: recogniseDatadog,
  open() {
    const context = { upperHalves: new UpperHalves(), resources: new ServiceResources() };
    return (document, at, out) => new Walk(context, out).read(document, at, 0);
  },
};

const MAX_DEPTH = 8;
const LISTS = ['traces', 'spans', 'chunks', 'tracerPayloads', 'tracer_payloads', 'data'] as const;
const NOTHING_SHARED: LlmSurroundings = { mlApp: undefined, sessionId: undefined, tags: undefined };

class Walk {
  constructor(
    private readonly context: TracerContext,
    private readonly out: SpanSink,
  ) {}

  read(value: unknown, at: Cursor, depth: number, shared: LlmSurroundings = NOTHING_SHARED): void {
    if (depth > MAX_DEPTH) reject(this.out, at.toString(), 'It is nested too deep.');
    else if (Array.isArray(value)) this.list(value, at, '', depth, shared);
    else if (!isRecord(value)) reject(this.out, at.toString(), 'It is not an object.');
    else if (!this.span(value, at.toString(), shared)) this.record(value, at, depth, shared);
  }

  private list(
    list: readonly unknown[],
    at: Cursor,
    key: string,
    depth: number,
    shared: LlmSurroundings,
  ): void {
    if (key === '' && isStringTableDocument(list)) {
      this.stringTable(list, at);
      return;
    }
    this.context.upperHalves.learn(list);
    if (isTracerSpan(list[0])) {
      readEach(list, at, key, this.out, (span, position) => tracerSpan(span, this.context, position));
      return;
    }
    for (const [index, item] of list.entries()) {
      const isSpan = isRecord(item) && this.span(item, at.pointer(key, index), shared);
      if (!isSpan) this.read(item, at.element(key, index), depth + 1, shared);
    }
  }

  /** Whether it was a span. */
  private span(value: JsonRecord, position: string, shared: LlmSurroundings): boolean {
    const { attributes } = value;
    if (isLlmSpan(value)) readOne(value, position, this.out, () => llmSpan(value, shared, position));
    else if (isLlmSpan(attributes))
      readOne(value, position, this.out, () => llmSpan(attributes, shared, position));
    else if (isApiSpan(attributes)) readOne(value, position, this.out, () => apiSpan(attributes, position));
    else if (isTracerSpan(value)) {
      this.context.upperHalves.learn([value]);
      readOne(value, position, this.out, () => tracerSpan(value, this.context, position));
    } else return false;
    return true;
  }

  private record(value: JsonRecord, at: Cursor, depth: number, outer: LlmSurroundings): void {
    const shared = {
      mlApp: value.ml_app ?? outer.mlApp,
      sessionId: value.session_id ?? outer.sessionId,
      tags: value.tags ?? outer.tags,
    };
    let found = false;
    for (const key of LISTS) {
      const list = value[key];
      if (isMissing(list)) continue;
      found = true;
      if (Array.isArray(list)) {
        this.context.upperHalves.learn(list, isRecord(value.tags) ? value.tags['_dd.p.tid'] : undefined);
        this.list(list, at, key, depth + 1, shared);
      } else this.read(list, at.member(key), depth + 1, shared);
    }
    if (found) return;
    if (isRecord(value.attributes)) this.read(value.attributes, at.member('attributes'), depth + 1, shared);
    else reject(this.out, at.toString(), 'It is neither a span of Datadog nor a list of them.');
  }

  private stringTable(list: readonly unknown[], at: Cursor): void {
    const rows = rowsOf(list, at);
    this.context.upperHalves.learn(rows.map(({ span }) => span));
    for (const { row, span, position } of rows) {
      readOne(row, position, this.out, () => spanOfRow(span, this.context, position));
    }
  }
}
