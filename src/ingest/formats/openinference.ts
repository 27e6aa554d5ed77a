import type { AttributeValue, Span } from '../../domain/trace';
import { setAttribute, type MutableAttributes } from '../attributes';
import { isMissing } from '../fields';
import { NOT_RECOGNISED, type Recognition, type TraceFormatReader } from '../reader';
import { JSON_PLAN } from './json';
import { firstSpanOf, openInferenceIn, spanIdIn, traceIdIn } from './json-recognition';
import { JsonWalk } from './json-walk';

/** Spans with attributes of OpenInference, as Arize Phoenix exports them: by its API, its client, or as records of a data frame. */
export const openInferenceReader: TraceFormatReader = {
  format: 'openinference',
  lists: JSON_PLAN,
  recognise,
  open() {
    const walk = new JsonWalk('openinference', withFlatAttributes);
    return (document, at, out) => walk.read(document, at, out);
  },
};

function recognise(document: unknown): Recognition {
  const first = firstSpanOf(document, undefined);
  if (first === null) return NOT_RECOGNISED;
  const found = openInferenceIn(first.span);
  const hasIds = !isMissing(spanIdIn(first.span)) && !isMissing(traceIdIn(first.span) ?? first.traceId);
  return found === null || !hasIds
    ? NOT_RECOGNISED
    : { confidence: 0.95, why: [`spans have ids, and ${found}`] };
}

/** These are objects of the application, and no part of the convention. */
const WHOLE = new Set(['metadata']);
const PREFIX = 'attributes.';

/** Attributes under the names of the convention, `llm.input_messages.0.message.role`, however they are nested in the export. */
function withFlatAttributes(span: Span): Span {
  const attributes: MutableAttributes = {};
  for (const [key, value] of Object.entries(span.attributes)) {
    if (key === 'span_kind') setAttribute(attributes, 'openinference.span.kind', value);
    else flatten(attributes, key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key, value);
  }
  return { ...span, attributes };
}

function flatten(attributes: MutableAttributes, key: string, value: AttributeValue): void {
  const isNested = typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
  if (!isNested || WHOLE.has(key) || isListOfValues(value)) setAttribute(attributes, key, value);
  else for (const [inner, item] of Object.entries(value)) flatten(attributes, `${key}.${inner}`, item);
}

function isListOfValues(value: object): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object');
}
