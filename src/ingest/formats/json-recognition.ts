import { firstOf, isMissing, isRecord, type JsonRecord } from '../fields';
import { isText } from '../json/lossless';
import { JSON_NAMES } from './json-fields';
import { listIn, traceIdOfWrapper } from './json-walk';

/** The first span of a document, with the id of the trace that it is in. */
export interface FirstSpan {
  readonly span: JsonRecord;
  readonly traceId: unknown;
}

const MAX_DEPTH = 6;

/** Finds the first span of a document of JSON; null where nothing looks like one. */
export function firstSpanOf(document: unknown, traceId: unknown, depth = 0): FirstSpan | null {
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(document)) return firstSpanOf(document.find(isContainer), traceId, depth + 1);
  if (!isRecord(document)) return null;
  const key = listIn(document);
  if (key !== undefined)
    return firstSpanOf(document[key], traceIdOfWrapper(document, key) ?? traceId, depth + 1);
  return isSpanLike(document) ? { span: document, traceId } : null;
}

function isContainer(value: unknown): boolean {
  return isRecord(value) || Array.isArray(value);
}

/** Whether it has an id, and a start. */
function isSpanLike(value: JsonRecord): boolean {
  const hasStart = Object.keys(value).some((key) => /^(start|begin|timestamp)/i.test(key));
  return hasStart && !isMissing(spanIdIn(value) ?? value.id);
}

export function spanIdIn(value: JsonRecord): unknown {
  return firstOf(value, JSON_NAMES.spanId) ?? firstOf(contextOf(value), JSON_NAMES.spanId);
}

export function traceIdIn(value: JsonRecord): unknown {
  return firstOf(value, JSON_NAMES.traceId) ?? firstOf(contextOf(value), JSON_NAMES.traceId);
}

function contextOf({ context }: JsonRecord): JsonRecord {
  return isRecord(context) ? context : {};
}

const OPENINFERENCE_KINDS =
  /^(LLM|CHAIN|TOOL|RETRIEVER|EMBEDDING|AGENT|RERANKER|GUARDRAIL|EVALUATOR|PROMPT|UNKNOWN)$/i;

/** What in a span is of OpenInference; null when nothing is. */
export function openInferenceIn(span: JsonRecord): string | null {
  if (isText(span.span_kind) && OPENINFERENCE_KINDS.test(span.span_kind))
    return `a span_kind of ${span.span_kind}`;
  const { attributes } = span;
  if (isRecord(attributes)) {
    if (attributes['openinference.span.kind'] !== undefined) return 'openinference.span.kind';
    if (isRecord(attributes.openinference)) return 'openinference in its attributes';
  }
  return span['attributes.openinference.span.kind'] === undefined
    ? null
    : 'attributes.openinference.span.kind';
}
