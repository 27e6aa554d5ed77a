import type { AttributeValue, Span } from '../../domain/trace';
import type { SignalEvidence } from '../../domain/trace-signal';
import { isAttributeList, isAttributeRecord } from '../genai/attribute-view';

const LONGEST_QUOTE = 300;
/** Values within values that are looked at. */
const DEEPEST = 16;

interface PlacedText {
  readonly where: string;
  readonly text: string;
}

export interface Wanted {
  /** What is to be quoted, the preferred first; of a long one the beginning. */
  readonly passages: readonly string[];
  readonly explanation: string;
  /** Places to look at before all others. */
  readonly near?: RegExp;
}

/** Quotes the first of the passages that stands in the span, as it is or escaped as in JSON; null when none does. */
export function quoteOf(span: Span, { passages, explanation, near }: Wanted): SignalEvidence | null {
  const texts = [...textsOf(span)];
  const nearby = near === undefined ? [] : texts.filter(({ where }) => near.test(where));
  for (const passage of passages) {
    const wanted = beginning(passage.trim());
    if (wanted === '') continue;
    for (const place of [...nearby, ...texts]) {
      const quote = found(place.text, wanted);
      if (quote !== null) return { spanId: span.spanId, where: place.where, quote, explanation };
    }
  }
  return null;
}

function beginning(text: string): string {
  const cut = text.slice(0, LONGEST_QUOTE);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** The passage as the text has it: plain, as JSON escapes it, or as JSON in ASCII does; small or large letters. */
function found(text: string, passage: string): string | null {
  const once = escaped(passage);
  for (const form of new Set([passage, once, ascii(once), escaped(once), escaped(ascii(once))])) {
    const at = text.indexOf(form);
    if (at >= 0) return beginning(form);
  }
  const folded = text.toLowerCase().indexOf(passage.toLowerCase());
  const raw = folded < 0 ? '' : text.slice(folded, folded + passage.length);
  return raw !== '' && raw.toLowerCase() === passage.toLowerCase() ? raw : null;
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function ascii(text: string): string {
  return text.replace(/[^\0-\u007F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Everything that a span says, piece by piece. */
function* textsOf(span: Span): Generator<PlacedText> {
  yield { where: 'status message', text: span.statusMessage };
  for (const { name, attributes } of span.events) {
    yield { where: 'event', text: name };
    yield* textsIn(`event ${name}:`, attributes, 0);
  }
  yield* textsIn('attribute', span.attributes, 0);
  yield { where: 'name', text: span.name };
  yield { where: 'status', text: span.status };
  yield { where: 'start time', text: span.startTimeUnixNano.toString() };
  if (span.endTimeUnixNano !== null) yield { where: 'end time', text: span.endTimeUnixNano.toString() };
  yield* textsIn('resource', span.resource.attributes, 0);
}

function* textsIn(path: string, value: AttributeValue, depth: number): Generator<PlacedText> {
  if (isAttributeList(value) || isAttributeRecord(value)) {
    if (depth >= DEEPEST) return;
    const separator = depth === 0 ? ' ' : '.';
    for (const [key, item] of Object.entries(value))
      yield* textsIn(`${path}${separator}${key}`, item, depth + 1);
  } else if (value !== null && !(value instanceof Uint8Array)) {
    yield { where: path, text: String(value) };
  }
}
