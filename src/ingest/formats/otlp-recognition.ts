import { isMissing, isRecord, type JsonRecord } from '../fields';
import { NOT_RECOGNISED, type Recognition } from '../reader';

/** Where documents of OTLP keep their lists, in all spellings. */
export const OTLP_KEYS = {
  resources: ['resourceSpans', 'resource_spans', 'batches'],
  scopes: ['scopeSpans', 'scope_spans', 'instrumentationLibrarySpans', 'instrumentation_library_spans'],
  /** Answers of APIs that wrap a request (Grafana Tempo) or list spans without their resource (Arize Phoenix). */
  wrappers: ['trace', 'data'],
} as const;

/** Whether a value is a span in the words of OTLP, whatever else is wrong with it. */
export function isOtlpSpan(value: unknown): value is JsonRecord {
  return (
    isRecord(value) &&
    (value.spanId ?? value.span_id) !== undefined &&
    (value.startTimeUnixNano ?? value.start_time_unix_nano) !== undefined
  );
}

const MAX_DEPTH = 3;

/** Attributes in an object and a status in a word are what plain JSON has. */
function recogniseSpan(span: JsonRecord): Recognition {
  const isPlain = isRecord(span.attributes) || typeof span.status === 'string';
  return { confidence: isPlain ? 0.3 : 0.9, why: ['spans have startTimeUnixNano', ...spelling(span)] };
}

/** Judges by the names of the lists, and by the first span where there is no list around it. */
export function recogniseOtlp(document: unknown, depth = 0): Recognition {
  if (depth > MAX_DEPTH) return NOT_RECOGNISED;
  if (Array.isArray(document)) {
    return document.length === 0 ? NOT_RECOGNISED : recogniseOtlp(document[0], depth + 1);
  }
  if (!isRecord(document)) return NOT_RECOGNISED;
  if ([document].some(isOtlpSpan)) return recogniseSpan(document);
  return recogniseLists(document) ?? recogniseWrapped(document, depth);
}

function recogniseLists(document: JsonRecord): Recognition | null {
  for (const key of ['resourceSpans', 'resource_spans'] as const) {
    if (!isMissing(document[key]))
      return { confidence: 1, why: [`it has ${key}`, ...spelling(firstSpan(document[key]))] };
  }
  const batch = first(document.batches);
  const inBatches = isRecord(batch) ? recogniseLists(batch) : null;
  if (inBatches !== null) return { ...inBatches, why: ['it has batches', ...inBatches.why] };
  for (const key of OTLP_KEYS.scopes) {
    if (!isMissing(document[key]))
      return { confidence: 0.95, why: [`it has ${key}`, ...spelling(firstSpan(document[key]))] };
  }
  const span = first(document.spans);
  return isOtlpSpan(span) ? recogniseSpan(span) : null;
}

function recogniseWrapped(document: JsonRecord, depth: number): Recognition {
  for (const key of OTLP_KEYS.wrappers) {
    const within =
      typeof document[key] === 'object' ? recogniseOtlp(document[key], depth + 1) : NOT_RECOGNISED;
    if (within.confidence > 0) return { ...within, why: [`it is wrapped in ${key}`, ...within.why] };
  }
  return NOT_RECOGNISED;
}

function first(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

/** The first span below a list of resources or scopes. */
function firstSpan(list: unknown): JsonRecord | null {
  const item = first(list);
  if (!isRecord(item)) return null;
  if (Array.isArray(item.spans)) return isRecord(item.spans[0]) ? item.spans[0] : null;
  for (const key of OTLP_KEYS.scopes) {
    if (Array.isArray(item[key])) return firstSpan(item[key]);
  }
  return null;
}

/** In which of its spellings a span is written. */
function spelling(span: JsonRecord | null): readonly string[] {
  if (span === null) return [];
  const { spanId, span_id: snakeId, kind } = span;
  const id = spanId ?? snakeId;
  return [
    ...(typeof id === 'string'
      ? [/^[0-9a-f]{16}$/i.test(id) ? 'ids are hexadecimal' : 'ids are base64']
      : []),
    ...(isMissing(kind) ? [] : [typeof kind === 'string' ? 'enums are names' : 'enums are integers']),
  ];
}
