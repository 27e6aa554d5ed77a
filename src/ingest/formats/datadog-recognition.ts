import { isMissing, isRecord, type JsonRecord } from '../fields';
import { NOT_RECOGNISED, type Recognition } from '../reader';
import { isApiSpan, isLlmSpan } from './datadog-api';
import { rawTraceId } from './datadog-ids';
import { isStringTableDocument } from './datadog-v05';

const MAX_DEPTH = 6;
/** Members that spans of tracers have beside ids and times. */
const TELLING = ['service', 'resource', 'error', 'meta', 'metrics', 'type', 'duration', 'name'];

/** Whether a value is a span of a tracer, whatever else is wrong with it: its start is called `start`. */
export function isTracerSpan(value: unknown): value is JsonRecord {
  if (!isRecord(value) || isMissing(rawTraceId(value))) return false;
  if (isMissing(value.span_id ?? value.spanID) || value.start_ns !== undefined) return false;
  return value.start !== undefined && (value.duration !== undefined || value.meta !== undefined);
}

/** Judges by the first span, wherever it is. */
export function recogniseDatadog(document: unknown, depth = 0): Recognition {
  if (depth > MAX_DEPTH) return NOT_RECOGNISED;
  if (Array.isArray(document)) return recogniseList(document, depth);
  return isRecord(document) ? recogniseRecord(document, depth) : NOT_RECOGNISED;
}

function recogniseList(list: readonly unknown[], depth: number): Recognition {
  if (isStringTableDocument(list))
    return { confidence: 0.9, why: ['a string table comes before the traces (v0.5)'] };
  const first = list.find((item) => Array.isArray(item) || isRecord(item));
  return first === undefined ? NOT_RECOGNISED : recogniseDatadog(first, depth + 1);
}

function recogniseRecord(record: JsonRecord, depth: number): Recognition {
  const { attributes } = record;
  if ([record, attributes].some(isLlmSpan)) {
    return { confidence: 0.95, why: ['spans have start_ns and span_id (LLM Observability)'] };
  }
  if (isApiSpan(attributes)) {
    return { confidence: 0.95, why: ['attributes have start_timestamp and span_id (API for spans)'] };
  }
  return isTracerSpan(record) ? recogniseSpan(record) : recogniseWrapped(record, depth);
}

function recogniseWrapped(record: JsonRecord, depth: number): Recognition {
  for (const key of [
    'traces',
    'spans',
    'chunks',
    'tracerPayloads',
    'tracer_payloads',
    'data',
    'attributes',
  ]) {
    if (typeof record[key] !== 'object') continue;
    const within = recogniseDatadog(record[key], depth + 1);
    if (within.confidence > 0) return { ...within, why: [`it has ${key}`, ...within.why] };
  }
  return NOT_RECOGNISED;
}

function recogniseSpan(span: JsonRecord): Recognition {
  const told = TELLING.filter((key) => span[key] !== undefined);
  const confidence = Math.min(1, 0.4 + told.length * 0.1);
  return { confidence, why: [`spans have trace_id, span_id, start, ${told.join(', ')}`] };
}
