import type { Cursor } from '../cursor';
import { isMissing, isRecord, type JsonRecord } from '../fields';
import { isText } from '../json/lossless';
import { LEAF, type ListPlan } from '../json/list-plan';
import { NOT_RECOGNISED, type Recognition, type SpanSink, type TraceFormatReader } from '../reader';
import { attempt, readOne, reject } from '../span-list';
import {
  isObservation,
  observationSpan,
  traceAround,
  type ObservationSurroundings,
} from './langfuse-observation';

const traceLists: ListPlan = { observations: LEAF };

/** Traces of Langfuse with their observations, as its pages and its API export them, and lists of observations alone. */
export const langfuseReader: TraceFormatReader = {
  format: 'langfuse',
  lists: { ...traceLists, '': traceLists, data: traceLists },
  recognise: (document) => recognise(document, 0),
  open: () => (document, at, out) => read(document, at, out, 0),
};

const MAX_DEPTH = 4;
const ALONE: ObservationSurroundings = {
  traceId: undefined,
  resource: { attributes: {} },
  rootAttributes: {},
};

function read(value: unknown, at: Cursor, out: SpanSink, depth: number): void {
  if (depth > MAX_DEPTH) reject(out, at.toString(), 'It is nested too deep.');
  else if (Array.isArray(value)) readList(value, at, '', out, depth);
  else if (!isRecord(value)) reject(out, at.toString(), 'It is not an object.');
  else if (Array.isArray(value.data)) readList(value.data, at, 'data', out, depth);
  else if (isObservation(value)) readObservation(value, ALONE, at.toString(), out);
  else readTrace(value, at, out);
}

function readList(list: readonly unknown[], at: Cursor, key: string, out: SpanSink, depth: number): void {
  for (const [index, item] of list.entries()) {
    if (isObservation(item)) readObservation(item, ALONE, at.pointer(key, index), out);
    else read(item, at.element(key, index), out, depth + 1);
  }
}

/**
 * A trace, alone or beside its observations. What its page exports has the observations twice: within the trace they lack
 * input and output, so those beside it are read.
 */
function readTrace(value: JsonRecord, at: Cursor, out: SpanSink): void {
  const trace = isRecord(value.trace) ? value.trace : value;
  const isBeside = !isMissing(value.observations);
  const place = isBeside ? at : at.member('trace');
  const list = isBeside ? value.observations : trace.observations;
  const around = attempt(out, at.toString(), () => traceAround(trace)) ?? ALONE;
  if (!Array.isArray(list) || list.length === 0)
    return reject(out, at.toString(), 'The trace has no observations.');
  const root = list.findIndex(
    (item) => isRecord(item) && isMissing(item.parentObservationId ?? item.parent_observation_id),
  );
  for (const [index, item] of list.entries()) {
    const own = index === root ? around : { ...around, rootAttributes: {} };
    readObservation(item, own, place.pointer('observations', index), out);
  }
}

function readObservation(
  value: unknown,
  around: ObservationSurroundings,
  position: string,
  out: SpanSink,
): void {
  if (isText(value))
    reject(out, position, 'It is only the id of an observation; export the trace with its observations.');
  else readOne(value, position, out, () => observationSpan(value, around, position));
}

function recognise(document: unknown, depth: number): Recognition {
  const first: unknown = Array.isArray(document) ? document[0] : document;
  if (depth > MAX_DEPTH || !isRecord(first)) return NOT_RECOGNISED;
  if ([first].some(isObservation)) {
    return { confidence: 0.9, why: ['it has observations with traceId, type and startTime'] };
  }
  return Array.isArray(first.data) ? recognise(first.data, depth + 1) : recogniseTrace(first);
}

function recogniseTrace(value: JsonRecord): Recognition {
  const { trace, observations } = value;
  if (isRecord(trace) && Array.isArray(observations)) {
    return { confidence: 1, why: ['it has a trace beside its observations'] };
  }
  const own = isRecord(trace) ? trace : value;
  const isTrace = Array.isArray(own.observations) && !isMissing(own.id);
  return isTrace ? { confidence: 0.95, why: ['it has a trace with observations'] } : NOT_RECOGNISED;
}
