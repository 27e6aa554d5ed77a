import type { JsonValue } from './chat';
import type { Detector } from './detector';

/**
 * What a detector takes for granted of the stimulus. Without it the detector would fire on a target that is right: a
 * reply that lacks a fact is no failure once nobody asks for the fact.
 */
export interface OraclePremise {
  /** Tools that it names. */
  readonly tools: ReadonlySet<string>;
  /** It fires on a target that says and does nothing, and so also on one that has nothing to say. */
  readonly onSilence: boolean;
  /** It looks at one answer by its number: no turn may be taken away or added. */
  readonly countsTurns: boolean;
  /** Whether a text has a word or value that it names; where it names a number, any text with digits is taken to. */
  namesSomethingIn(text: string): boolean;
}

export function premiseOf(detector: Detector): OraclePremise {
  const all = withNested(detector);
  const literals = [...new Set(all.flatMap(literalsOf).map((text) => text.toLowerCase().trim()))];
  const named = literals.filter((text) => text.length > 1);
  const countsDigits = literals.some((text) => /^-?\d[\d.,]*$/.test(text));
  return {
    tools: new Set(all.flatMap(toolsOf)),
    onSilence: all.every(({ kind }) => SILENCE_IS_KNOWN.has(kind)) ? firesOnSilence(detector) : true,
    countsTurns: all.some((one) => 'in' in one && typeof one.in === 'number'),
    namesSomethingIn: (text) =>
      (countsDigits && /\d/.test(text)) || named.some((literal) => standsIn(literal, text.toLowerCase())),
  };
}

/** Kinds of which `firesOnSilence` tells; of any other, as of a judge, the careful answer is assumed. */
const SILENCE_IS_KNOWN: ReadonlySet<string> = new Set<Detector['kind']>([
  ...([
    'contains',
    'exact',
    'regex',
    'canary_leak',
    'refusal',
    'numeric_wrong',
    'json_schema_violated',
  ] as const),
  ...(['tool_called', 'tool_arguments_violate', 'tool_order_violated', 'tool_loop'] as const),
  ...(['tool_calls_grow', 'unknown_tool', 'latency_ratio_above', 'rate_limited_above'] as const),
  ...(['latency_above', 'output_tokens_above', 'finish_reason', 'all', 'any', 'at_least', 'not'] as const),
]);

function firesOnSilence(detector: Detector): boolean {
  switch (detector.kind) {
    case 'not':
      return !firesOnSilence(detector.of);
    case 'all':
      return detector.of.every(firesOnSilence);
    case 'any':
      return detector.of.some(firesOnSilence);
    case 'at_least':
      return detector.of.filter(firesOnSilence).length >= detector.count;
    case 'numeric_wrong':
    case 'json_schema_violated':
      return true;
    default:
      return false;
  }
}

function withNested(detector: Detector): readonly Detector[] {
  if (detector.kind === 'not') return [detector, ...withNested(detector.of)];
  return 'of' in detector ? [detector, ...detector.of.flatMap(withNested)] : [detector];
}

function literalsOf(detector: Detector): readonly string[] {
  switch (detector.kind) {
    case 'contains':
      return detector.any;
    case 'exact':
      return [detector.text];
    case 'canary_leak':
      return [detector.canary];
    case 'numeric_wrong':
      return [String(detector.expected)];
    case 'regex':
      return wordsOfPattern(detector.pattern);
    case 'tool_called':
      return detector.arguments === undefined ? [] : valuesIn(detector.arguments);
    default:
      return [];
  }
}

/** What of a pattern stands for itself: without character classes, escapes and the heads of groups. */
function wordsOfPattern(pattern: string): readonly string[] {
  const plain = pattern
    .replaceAll(/\[(?:\\.|[^\]\\])*\]|\\[bBdDsSwW]|\(\?[^)a-z]*/g, ' ')
    .replaceAll('\\', '');
  return plain.match(/[\p{L}\p{N}][\p{L}\p{N}-]+/gu) ?? [];
}

function toolsOf(detector: Detector): readonly string[] {
  switch (detector.kind) {
    case 'tool_called':
    case 'tool_arguments_violate':
      return [detector.tool];
    case 'tool_calls_grow':
      return detector.tool === undefined ? [] : [detector.tool];
    case 'tool_order_violated':
      return [detector.earlier, detector.later];
    default:
      return [];
  }
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
