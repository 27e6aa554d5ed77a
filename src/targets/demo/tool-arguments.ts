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
const Parameters = z.looseObject({
  properties: z.record(z.string(), Property).catch({}),
  required: z.array(z.string()).catch([]).default([]),
});
const NOTHING = { properties: {}, required: [] };

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
const IDENTIFIER =
  /(?:^|_)(?:id|code|number|no|ref|reference|sku|order|item|article|product|ticket|booking|part)(?:_|$)/i;
const EMAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g;
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
  const { properties, required } = Parameters.catch(NOTHING).parse(tool.parameters);
  const used = new Set<string>();
  const filled: Record<string, JsonValue> = {};
  for (const [name, property] of Object.entries(properties)) {
    const found = findersOf(name, property, { used, datesAsWritten })
      .flatMap((find) => texts.map((text) => find(text)))
      .find((value) => value !== undefined);
    const isProse = property.type === 'string' && property.enum === undefined && !isIsoDate(property);
    const value = found ?? (isProse && required.includes(name) ? texts[0]?.trim() : undefined);
    if (value === undefined) continue;
    used.add(`${value}`);
    filled[name] = value;
  }
  return JSON.stringify(filled satisfies JsonObject);
}

/** Whether a tool takes a date in ISO form. */
export function takesIsoDate(tool: ToolDefinition): boolean {
  const { properties } = Parameters.catch(NOTHING).parse(tool.parameters);
  return Object.values(properties).some(isIsoDate);
}

interface Filling {
  /** Values that went into another argument of the same call. */
  readonly used: ReadonlySet<string>;
  readonly datesAsWritten: boolean;
}

type Finder = (text: string) => string | number | boolean | undefined;

/** The ways to find a value, the surest first. */
function findersOf(name: string, property: Property, filling: Filling): readonly Finder[] {
  const choices = property.enum;
  const mail: Finder = (text) => fresh(text.match(EMAIL), filling);
  const named: Finder = (text) => fresh(text.match(NAMES), filling);
  if (choices !== undefined) return [(text) => choiceIn(choices, text)];
  if (isIsoDate(property)) return [(text) => dateIn(text, filling)];
  if (property.type === 'number' || property.type === 'integer')
    return [(text) => numberIn(name, text, filling)];
  if (property.type === 'boolean') return [() => true];
  if (/e-?mail/i.test(name)) return [mail];
  if (/^(?:to|cc|recipient|address|receiver)$/i.test(name)) return [mail, named];
  if (IDENTIFIER.test(name)) {
    return [(text) => nearest(name, text, filling), (text) => fresh(text.match(NUMBER), filling)];
  }
  return [(text) => fresh(quotedIn(text), filling), named];
}

/** What stands in quotation marks, other than those of data. */
function quotedIn(text: string): readonly string[] {
  if (/^\s*[{[]/.test(text)) return [];
  return [...text.matchAll(QUOTES)].map((match) => match[1] ?? '');
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
