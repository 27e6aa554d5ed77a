import type { DetectionEngines, DetectorKinds } from '../detection';
import type { JsonObject } from '../chat';
import { beginningOf, quoteAround } from './quote';
import { scopeName, scopeProblem, statementsIn } from './transcript-parts';
import { problemOf } from './text-detectors';

/**
 * A number on its own: optional sign, thousands commas, decimals, exponent; not part of a word or a version. The
 * look-behinds keep the search linear: groups of three digits are tried only from the first of a chain.
 */
const NUMBER =
  /(?<!\w|\d\.)[-+−]?(?:(?<!\d,)\d{1,3}(?:,\d{3})+(?!\d|,\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<!\.)\.\d+)(?:e[-+]?\d+)?(?!\.?\d)/giu;

const FENCED = /^\s*```(?:json)?[^\S\n]*\n([\s\S]*?)\n?```\s*$/i;

/** Detectors of an answer whose form or figure is wrong. */
export const FORM_DETECTORS: DetectorKinds<'json_schema_violated' | 'numeric_wrong'> = {
  json_schema_violated: {
    evidence: ({ schema, in: scope }, transcript, { engines }) =>
      statementsIn(transcript, scope).flatMap(({ messageIndex, text }) => {
        const violation = violationOf(schema, text, engines);
        return violation === undefined ? [] : [beginningOf(text, messageIndex, violation)];
      }),
    describe: ({ in: scope }) => `${scopeName(scope)} violates the JSON Schema`,
    problem: ({ schema, in: scope }, engines) =>
      problemOf(() => engines.schemaViolation(schema, null)) ?? scopeProblem(scope),
  },
  numeric_wrong: {
    evidence: ({ expected, tolerance = 0, in: scope }, transcript) =>
      statementsIn(transcript, scope).flatMap(({ messageIndex, text }) => {
        const last = lastNumber(text);
        if (last === undefined) {
          return [beginningOf(text, messageIndex, `the text has no number; ${expected} was expected`)];
        }
        if (Math.abs(last.value - expected) <= tolerance) return [];
        const quote = quoteAround(text, last.start, last.end);
        return [{ messageIndex, quote, explanation: `the last number is ${last.value}, not ${expected}` }];
      }),
    describe: ({ expected, in: scope }) => `the last number of ${scopeName(scope)} is not ${expected}`,
    problem: ({ expected, tolerance = 0, in: scope }) => {
      if (!Number.isFinite(expected)) return 'numeric_wrong: the expected value is not a number';
      if (!(tolerance >= 0)) return 'numeric_wrong: the tolerance is negative';
      return scopeProblem(scope);
    },
  },
};

/** JSON is taken as it stands or inside a single code fence, as models like to send it. */
function violationOf(schema: JsonObject, text: string, engines: DetectionEngines): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(FENCED.exec(text)?.[1] ?? text);
  } catch (error) {
    return `the text is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  return engines.schemaViolation(schema, value);
}

function lastNumber(
  text: string,
): { readonly value: number; readonly start: number; readonly end: number } | undefined {
  const last = [...text.matchAll(NUMBER)].at(-1);
  if (last === undefined) return undefined;
  const value = Number(last[0].replace('−', '-').replaceAll(',', ''));
  return { value, start: last.index, end: last.index + last[0].length };
}
