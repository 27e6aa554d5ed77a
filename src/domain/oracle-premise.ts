import type { JsonValue } from './chat';
import type { Detector } from './detector';

/**
 * What a detector takes for granted of the stimulus. Without it the detector would fire on a target that is right: a
 * reply that lacks a fact is no failure once nobody asks for the fact.
 */
export interface OraclePremise {
  /** Tools that it names. */
  readonly tools: ReadonlySet<string>;
  /** It may fire on a target that says and does nothing, and so also on one that has nothing to say. */
  readonly onSilence: boolean;
  /** It looks at one answer by its number: no turn may be taken away or added. */
  readonly countsTurns: boolean;
  /** Whether a text has a word or value that it names; where it names a number, any text with digits is taken to. */
  readonly namesSomethingIn: (text: string) => boolean;
}

export function premiseOf(detector: Detector): OraclePremise {
  const all = withNested(detector);
  const literals = [...new Set(all.flatMap(literalsOf).map((text) => text.toLowerCase().trim()))];
  const named = literals.filter((text) => text.length > 1);
  const countsDigits = literals.some((text) => /^-?\d[\d.,]*$/.test(text));
  return {
    tools: new Set(all.flatMap(toolsOf)),
    onSilence: mayFire(detector),
    countsTurns: all.some((one) => 'in' in one && typeof one.in === 'number'),
    namesSomethingIn: (text) =>
      (countsDigits && /\d/.test(text)) || named.some((literal) => standsIn(literal, text.toLowerCase())),
  };
}

type Nesting = Extract<Detector, { readonly of: unknown }>['kind'];

/** What becomes of a detector when the target says and does nothing. */
const ON_SILENCE: Readonly<Record<Exclude<Detector['kind'], Nesting>, 'fires' | 'holds' | 'either'>> = {
  contains: 'holds',
  exact: 'holds',
  regex: 'holds',
  json_schema_violated: 'fires',
  numeric_wrong: 'fires',
  canary_leak: 'holds',
  tool_called: 'holds',
  tool_arguments_violate: 'holds',
  tool_order_violated: 'holds',
  tool_loop: 'holds',
  tool_calls_grow: 'holds',
  unknown_tool: 'holds',
  latency_above: 'holds',
  latency_ratio_above: 'holds',
  rate_limited_above: 'holds',
  output_tokens_above: 'holds',
  finish_reason: 'holds',
  refusal: 'holds',
  judged: 'either',
};

/** Whether a detector can fire on silence. */
function mayFire(detector: Detector): boolean {
  if (!('of' in detector)) return ON_SILENCE[detector.kind] !== 'holds';
  if (detector.kind === 'not') return mayHold(detector.of);
  const firing = detector.of.filter(mayFire).length;
  return firing >= needed(detector);
}

/** Whether it can hold its peace. */
function mayHold(detector: Detector): boolean {
  if (!('of' in detector)) return ON_SILENCE[detector.kind] !== 'fires';
  if (detector.kind === 'not') return mayFire(detector.of);
  const bound = detector.of.filter((one) => !mayHold(one)).length;
  return bound < needed(detector);
}

/** How many of the nested ones must fire. */
function needed(detector: Extract<Detector, { readonly of: readonly Detector[] }>): number {
  if (detector.kind === 'at_least') return detector.count;
  return detector.kind === 'all' ? detector.of.length : 1;
}

function withNested(detector: Detector): readonly Detector[] {
  if (detector.kind === 'not') return [detector, ...withNested(detector.of)];
  return 'of' in detector ? [detector, ...detector.of.flatMap(withNested)] : [detector];
}

function literalsOf(detector: Detector): readonly string[] {
  if ('any' in detector) return detector.any;
  if ('text' in detector) return [detector.text];
  if ('canary' in detector) return [detector.canary];
  if ('expected' in detector) return [String(detector.expected)];
  if ('pattern' in detector) return wordsOfPattern(detector.pattern);
  return detector.kind === 'tool_called' ? valuesIn(detector.arguments ?? {}) : [];
}

/** What of a pattern stands for itself: without character classes, escapes and the heads of groups. */
function wordsOfPattern(pattern: string): readonly string[] {
  const plain = pattern
    .replaceAll(/\[(?:\\.|[^\]\\])*\]|\\[bBdDsSwW]|\(\?[^)a-z]*/g, ' ')
    .replaceAll('\\', '');
  return plain.match(/[\p{L}\p{N}][\p{L}\p{N}-]+/gu) ?? [];
}

function toolsOf(detector: Detector): readonly string[] {
  if ('tool' in detector) return [detector.tool];
  return 'earlier' in detector ? [detector.earlier, detector.later] : [];
}

function valuesIn(value: JsonValue): readonly string[] {
  if (value === null || typeof value !== 'object') return [String(value)];
  return Object.values(value).flatMap(valuesIn);
}

/** As a whole word or phrase. */
function standsIn(literal: string, text: string): boolean {
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
    const neighbours = [text[at - 1] ?? '', text[at + literal.length] ?? ''];
    if (!neighbours.some((neighbour) => /[\p{L}\p{N}]/u.test(neighbour))) return true;
  }
  return false;
}
