import { z } from 'zod';
import type { JsonObject, JsonValue, ToolDefinition } from '../../domain/chat';
import { subjectWords } from './words';

const Property = z.looseObject({
  type: z.string().optional().catch(undefined),
  format: z.string().optional().catch(undefined),
  pattern: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  enum: z.array(z.string()).optional().catch(undefined),
});
const Parameters = z.looseObject({ properties: z.record(z.string(), Property).catch({}) });

type Property = z.infer<typeof Property>;

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const DAY = '(\\d{1,2})(?:st|nd|rd|th)?';
const DATES = new RegExp(
  `\\b(?:(\\d{4}-\\d{2}-\\d{2})|${DAY} (?:of )?(${MONTHS.join('|')}),? (\\d{4})|(${MONTHS.join('|')}) ${DAY},? (\\d{4}))\\b`,
  'gi',
);
const CODE = /\b[A-Z]{1,8}-?\d[A-Z0-9-]*\b/g;
const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
const NUMBER = /(?<![\w.-])\d+(?:\.\d+)?(?![\w-])/g;
const NAMES = /(?<=\b(?:to|in|for|from|of|at|called|named) )[A-Z][\p{L}]+(?: [A-Z][\p{L}]+)*/gu;
const QUOTES = /["“‘']([^"”’']{2,})["”’']/g;

/**
 * The arguments of a call as JSON, each property filled from the first of the texts that has a fitting value.
 * `datesAsWritten` is the planted fault: a date goes in as the user wrote it.
 */
export function argumentsFor(
  tool: ToolDefinition,
  texts: readonly string[],
  datesAsWritten: boolean,
): string {
  const properties = Object.entries(Parameters.catch({ properties: {} }).parse(tool.parameters).properties);
  const used = new Set<string>();
  const filled: Record<string, JsonValue> = {};
  for (const [name, property] of properties) {
    for (const text of texts) {
      const value = valueOf(name, property, text, { used, datesAsWritten });
      if (value === undefined) continue;
      used.add(`${value}`);
      filled[name] = value;
      break;
    }
  }
  return JSON.stringify(filled satisfies JsonObject);
}

/** Whether a tool takes a date in ISO form. */
export function takesIsoDate(tool: ToolDefinition): boolean {
  const { properties } = Parameters.catch({ properties: {} }).parse(tool.parameters);
  return Object.values(properties).some(isIsoDate);
}

interface Filling {
  /** Values that went into another argument of the same call. */
  readonly used: ReadonlySet<string>;
  readonly datesAsWritten: boolean;
}

function valueOf(
  name: string,
  property: Property,
  text: string,
  filling: Filling,
): string | number | boolean | undefined {
  if (property.enum !== undefined) return choiceIn(property.enum, text);
  if (isIsoDate(property)) return dateIn(text, filling);
  if (property.type === 'number' || property.type === 'integer') return numberIn(name, text, filling);
  if (property.type === 'boolean') return true;
  if (/e-?mail/i.test(name)) return fresh(text.match(EMAIL), filling);
  if (
    /(?:^|_)(?:id|code|number|no|ref|reference|sku|order|item|article|product|ticket|booking|part)(?:_|$)/i.test(
      name,
    )
  ) {
    return nearest(name, text, filling) ?? fresh(text.match(NUMBER), filling);
  }
  const quoted = [...text.matchAll(QUOTES)].map((match) => match[1] ?? '');
  return fresh(quoted, filling) ?? fresh(text.match(NAMES), filling);
}

function choiceIn(choices: readonly string[], text: string): string | undefined {
  const words = new Set(subjectWords(text));
  return choices.find((choice) => subjectWords(choice).some((word) => words.has(word)));
}

function isIsoDate({ format, pattern, description }: Property): boolean {
  return (
    format === 'date' ||
    /\\d\{4\}-|\[0-9\]\{4\}-/.test(pattern ?? '') ||
    /yyyy-mm-dd|\biso\b/i.test(description ?? '')
  );
}

function dateIn(text: string, { used, datesAsWritten }: Filling): string | undefined {
  const dates = [...text.matchAll(DATES)].map(([written, iso, day, month, year, month2, day2, year2]) => {
    const number = MONTHS.indexOf((month ?? month2 ?? '').toLowerCase()) + 1;
    const composed = `${year ?? year2}-${String(number).padStart(2, '0')}-${(day ?? day2 ?? '').padStart(2, '0')}`;
    return datesAsWritten ? written : (iso ?? composed);
  });
  return dates.find((date) => !used.has(date));
}

function numberIn(name: string, text: string, { used }: Filling): number | undefined {
  const undated = text.replace(DATES, ' ');
  const near = new RegExp(`\\b${name.replaceAll('_', ' ')}\\D{0,12}(\\d+(?:\\.\\d+)?)`, 'i').exec(
    undated,
  )?.[1];
  const number = near ?? undated.match(NUMBER)?.find((candidate) => !used.has(candidate));
  return number === undefined ? undefined : Number(number);
}

/** The code that follows closest after a word of the argument's name; else the first that is left. */
function nearest(name: string, text: string, filling: Filling): string | undefined {
  const codes = [...text.matchAll(CODE)].filter(([code]) => !filling.used.has(code));
  const lower = text.toLowerCase();
  const gaps = codes.map((match) => {
    const before = name.split('_').map((word) => lower.lastIndexOf(word.toLowerCase(), match.index));
    return { code: match[0], gap: match.index - Math.max(-1_000_000, ...before.filter((at) => at >= 0)) };
  });
  return gaps.sort((a, b) => a.gap - b.gap)[0]?.code;
}

function fresh(values: readonly string[] | null, { used }: Filling): string | undefined {
  return values?.find((value) => !used.has(value));
}
