import { findInjectionAttempts } from './injection-attempts';
import type { InjectionAttempt } from './injection-attempts';
import type { AttributeValue, Span } from './trace';

/** A passage of a recorded span that tells a judge or the researcher what to conclude. */
export interface TraceInjection extends InjectionAttempt {
  readonly spanId: string;
  /** The attribute, the event and its attribute, `status` or `name`. */
  readonly where: string;
}

const MAX_ATTEMPTS = 20;
/** Of all texts of a trace together. */
const MAX_SCANNED_CHARS = 1_000_000;
const MAX_NESTING = 12;

/**
 * The attempts in everything that spans say, JSON in it unpacked: at most twenty, in the order of the spans. Of very long
 * traces the beginning is read.
 */
export function injectionsInSpans(spans: readonly Span[]): readonly TraceInjection[] {
  const found: TraceInjection[] = [];
  const budget = { chars: MAX_SCANNED_CHARS };
  for (const span of spans) {
    for (const [where, value] of saidIn(span)) {
      found.push(...attemptsIn(value, budget).map((attempt) => ({ ...attempt, spanId: span.spanId, where })));
      if (found.length >= MAX_ATTEMPTS) return found.slice(0, MAX_ATTEMPTS);
    }
  }
  return found;
}

/** Characters that may still be read. */
interface Budget {
  chars: number;
}

function saidIn({ attributes, events, statusMessage, name }: Span): readonly (readonly [string, unknown])[] {
  return [
    ['name', name],
    ['status', statusMessage],
    ...Object.entries(attributes).map(([key, value]) => [`attribute ${key}`, value] as const),
    ...events.flatMap((event) =>
      Object.entries(event.attributes).map(([key, value]) => [`event ${event.name}: ${key}`, value] as const),
    ),
  ];
}

function attemptsIn(value: unknown, budget: Budget, depth = 0): readonly InjectionAttempt[] {
  if (depth > MAX_NESTING || value instanceof Uint8Array) return [];
  if (typeof value === 'string') return attemptsInText(value, budget, depth);
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((one: AttributeValue) => attemptsIn(one, budget, depth + 1));
}

/** Conventions put messages into attributes as JSON: where nothing in it is an attempt, it may be one by its form. */
function attemptsInText(whole: string, budget: Budget, depth: number): readonly InjectionAttempt[] {
  const text = whole.slice(0, budget.chars);
  const unpacked = jsonIn(text);
  const inside = unpacked === undefined ? [] : attemptsIn(unpacked, budget, depth + 1);
  if (inside.length > 0) return inside;
  budget.chars = Math.max(0, budget.chars - text.length);
  return findInjectionAttempts(text).filter(({ kind }) => unpacked === undefined || kind === 'fake_answer');
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
