import type { Resource } from '../../domain/trace';
import type { Cursor } from '../cursor';
import { isMissing, isRecord, type JsonRecord } from '../fields';
import { isText, longNumber, parseJson } from '../json/lossless';
import { LEAF } from '../json/list-plan';
import { NOT_RECOGNISED, type Recognition, type SpanSink, type TraceFormatReader } from '../reader';
import { attempt, reject } from '../span-list';
import { exceptionsOf } from './xray-cause';
import { segmentSpan, spanIdOf, traceIdOf, type SegmentContext } from './xray-segment';

/** Segments of AWS X-Ray: documents, answers of BatchGetTraces, requests of PutTraceSegments, and what the daemon receives. */
export const xrayReader: TraceFormatReader = {
  format: 'xray',
  lists: {
    '': LEAF,
    Traces: { Segments: LEAF },
    Segments: LEAF,
    TraceSegmentDocuments: LEAF,
  },
  recognise,
  open: () => (document, at, out) => readDocument(document, null, at, out),
};

/** Subsegments within subsegments. */
const MAX_DEPTH = 100;

function readDocument(value: unknown, traceId: unknown, at: Cursor, out: SpanSink): void {
  if (isText(value)) readText(value, traceId, at, out);
  else if (Array.isArray(value)) readList(value, traceId, at, '', out);
  else if (!isRecord(value)) reject(out, at.toString(), 'It is not an object.');
  else if (!isHeader(value) && !readLists(value, traceId, at, out)) readSegment(value, traceId, at, out);
}

function readList(list: readonly unknown[], traceId: unknown, at: Cursor, key: string, out: SpanSink): void {
  for (const [index, item] of list.entries()) {
    const within = at.element(key, index);
    if (Array.isArray(item)) reject(out, within.toString(), 'It is not an object.');
    else readDocument(item, traceId, within, out);
  }
}

/** A document within a document, as a text of JSON. */
function readText(text: string, traceId: unknown, at: Cursor, out: SpanSink): void {
  try {
    const document = parseJson(Buffer.from(text));
    if (isRecord(document)) readSegment(document, traceId, at, out);
    else reject(out, at.toString(), 'The document is not an object.');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    reject(out, at.toString(), `The document is not valid JSON: ${error.message}.`);
  }
}

/** Whether it was an answer or a request of the API. */
function readLists(value: JsonRecord, outer: unknown, at: Cursor, out: SpanSink): boolean {
  const traceId = value.Id ?? outer;
  let found = false;
  for (const key of ['Traces', 'Segments', 'TraceSegmentDocuments'] as const) {
    const list = value[key];
    if (isMissing(list)) continue;
    found = true;
    if (Array.isArray(list)) readList(list, key === 'Traces' ? null : traceId, at, key, out);
    else reject(out, at.member(key).toString(), 'It is not an array.');
  }
  if (found || isMissing(value.Document)) return found;
  readDocument(value.Document, outer, at.member('Document'), out);
  return true;
}

function readSegment(segment: JsonRecord, traceId: unknown, at: Cursor, out: SpanSink): void {
  const context = attempt(out, at.toString(), () => contextOf(segment, traceId));
  if (context !== null) walk(segment, context, at, out, 0);
}

function contextOf(segment: JsonRecord, outer: unknown): SegmentContext {
  const traceId = traceIdOf(segment.trace_id ?? outer);
  const { parent_id: parentId } = segment;
  const isSegment = segment.type !== 'subsegment' && isMissing(segment.namespace);
  return {
    // A document without a trace is the only one of its own: its id cannot be that of another.
    traceId: traceId ?? { hex: spanIdOf(segment.id).hex.padStart(32, '0'), original: null },
    parentSpanId: isMissing(parentId) || parentId === '' ? null : spanIdOf(parentId).hex,
    resource: resourceOf(segment, isSegment),
    isSegment,
    exceptions: exceptionsOf(segment),
  };
}

/** A segment has the name of the service that it is of; a subsegment that of what it calls. */
function resourceOf(segment: JsonRecord, isSegment: boolean): Resource {
  const { name, service } = segment;
  const version = isRecord(service) ? service.version : undefined;
  return {
    attributes: {
      ...(isSegment && isText(name) && name !== '' ? { 'service.name': name } : {}),
      ...(isText(version) ? { 'service.version': version } : {}),
    },
  };
}

/** Reads a segment and all that is in it: a subsegment is read also when what it is in cannot be. */
function walk(value: unknown, context: SegmentContext, at: Cursor, out: SpanSink, depth: number): void {
  const position = at.toString();
  const span = attempt(out, position, () => segmentSpan(value, context, position));
  if (span !== null) out.spans.push(span);
  if (!isRecord(value) || isMissing(value.subsegments)) return;
  if (!Array.isArray(value.subsegments))
    return reject(out, at.member('subsegments').toString(), 'It is not an array.');
  if (depth >= MAX_DEPTH)
    return reject(out, position, `Subsegments are nested deeper than ${MAX_DEPTH} levels.`);
  const id = attempt({ spans: [], rejected: [] }, position, () => spanIdOf(value.id).hex);
  const within = { ...context, parentSpanId: id, isSegment: false };
  for (const [index, item] of value.subsegments.entries()) {
    walk(item, within, at.element('subsegments', index), out, depth + 1);
  }
}

/** The line that comes before each document on the way to the daemon. */
function isHeader(value: JsonRecord): boolean {
  return value.format === 'json' && value.version !== undefined && value.id === undefined;
}

const SEGMENT_KEYS = [
  'namespace',
  'subsegments',
  'http',
  'aws',
  'sql',
  'fault',
  'cause',
  'in_progress',
  'origin',
];

function recognise(document: unknown): Recognition {
  const first: unknown = Array.isArray(document) ? document[0] : document;
  if (!isRecord(first)) return NOT_RECOGNISED;
  if (isHeader(first)) return { confidence: 0.9, why: ['the header of the daemon comes first'] };
  if (Array.isArray(first.Traces))
    return { confidence: 1, why: ['it has Traces, as BatchGetTraces answers'] };
  if (Array.isArray(first.TraceSegmentDocuments))
    return { confidence: 1, why: ['it has TraceSegmentDocuments'] };
  if (Array.isArray(first.Segments)) return { confidence: 0.95, why: ['it has Segments'] };
  return recogniseSegment(first);
}

function recogniseSegment(document: JsonRecord): Recognition {
  const { id, trace_id: traceId, start_time: start } = document;
  if (isMissing(id) || isMissing(start)) return NOT_RECOGNISED;
  if (isText(traceId) && /^1-[0-9a-f]{8}-/i.test(traceId)) {
    return { confidence: 1, why: ['it has id, start_time, and a trace_id of X-Ray'] };
  }
  const hasForms = isText(id) && /^[0-9a-f]{16}$/i.test(id) && isNumber(start);
  return hasForms ? recogniseByBlocks(document) : NOT_RECOGNISED;
}

/** Without a trace id of X-Ray it is told by what else it has. */
function recogniseByBlocks(document: JsonRecord): Recognition {
  const told = SEGMENT_KEYS.filter((key) => document[key] !== undefined);
  const why = [`it has id, start_time${told.map((key) => `, ${key}`).join('')}`];
  if (document.type === 'subsegment') return { confidence: 0.9, why };
  if (told.length === 0 && !isMissing(document.trace_id)) return NOT_RECOGNISED;
  return { confidence: Math.min(0.9, 0.6 + told.length * 0.1), why };
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || longNumber(value) !== null;
}
