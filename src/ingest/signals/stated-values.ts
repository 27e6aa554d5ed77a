import type { Detector } from '../../domain/detector';

/** What an answer says of a key, where a tool said something about it as well. */
export interface Statement {
  /** The words of the answer. */
  readonly passage: string;
  /** The value in them. */
  readonly said: string;
  /** Fires on any statement of the kind that disagrees. */
  readonly oracle: Detector;
  /** Whether the two values are the same, as far as the answer is meant to be exact. */
  readonly agrees: boolean;
}

type FindStatement = (key: string, value: number | string, answer: string) => Statement | null;

/** Keys that mean something else in every object. */
const VAGUE = new Set([
  'id',
  'name',
  'type',
  'code',
  'count',
  'total',
  'value',
  'result',
  'index',
  'page',
  'size',
  'limit',
  'offset',
  'score',
  'length',
  'number',
  'version',
  'year',
  'time',
  'date',
  'timestamp',
  'data',
  'text',
  'message',
]);
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T|$)/;
/** Between a key and its value. */
const IS = String.raw`["'*_\x60]{0,4}\s*(?:is|was|are|=|:)\s*["'*_\x60]{0,4}\s*`;

/** Words for a status that exclude each other: an answer in any other words is left alone. */
const OPPOSITES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ['approved', 'accepted'],
    ['rejected', 'denied', 'declined'],
  ],
  [['paid'], ['unpaid', 'overdue']],
  [['open'], ['closed']],
  [['active'], ['inactive', 'deactivated']],
  [['enabled'], ['disabled']],
  [
    ['succeeded', 'successful', 'success'],
    ['failed', 'failure'],
  ],
  [['available'], ['unavailable']],
  [['delivered'], ['undelivered', 'lost', 'cancelled', 'canceled']],
  [
    ['online', 'up'],
    ['offline', 'down'],
  ],
  [['valid'], ['invalid', 'expired']],
];

/** Numbers, dates and statuses, in this order. */
export const STATEMENTS: readonly FindStatement[] = [stated('number'), stated('date'), stated('status')];

/** Whether the statement contradicts the tool: it disagrees, and its value is said nowhere else. */
export function judgeStatement({ agrees, said }: Statement, known: string): boolean {
  return !agrees && !occurs(known, said);
}

function occurs(known: string, said: string): boolean {
  const plain = said.replaceAll(',', '').toLowerCase();
  const words = known.replace(/(\d),(?=\d{3})/g, '$1').toLowerCase();
  return words.split(/[^\p{L}\p{N}.-]+/u).some((word) => word.replace(/\.+$/, '') === plain);
}

type Kind = 'number' | 'date' | 'status';

const VALUES: Readonly<Record<Kind, string>> = {
  number: String.raw`[$€£]?\s?(-?\d[\d,]*(?:\.\d+)?)(?![\d.,]*\s?[%°\p{L}\d])`,
  date: String.raw`(\d{4}-\d{2}-\d{2})`,
  status: String.raw`(\p{L}+)(?=["'*_\x60]*\s*(?:[.,;!\n}]|$))`,
};

function stated(kind: Kind): FindStatement {
  return (key, value, answer) => {
    const phrase = applies(kind, key, value) ? phraseOf(key) : null;
    if (phrase === null) return null;
    const pattern = new RegExp(String.raw`(?<![\p{L}\p{N}_])(?:${phrase})${IS}${VALUES[kind]}`, 'giu');
    const found = [...answer.matchAll(pattern)];
    const [match] = found;
    const said = match?.[1];
    if (match === undefined || said === undefined || found.length > 1) return null;
    return {
      passage: match[0],
      said,
      agrees: agree(kind, value, said),
      oracle: oracleOf(kind, phrase, value),
    };
  };
}

function applies(kind: Kind, key: string, value: number | string): boolean {
  if (kind === 'number') return typeof value === 'number' && !VAGUE.has(key.toLowerCase());
  if (typeof value === 'number') return false;
  if (kind === 'date') return ISO_DATE.test(value) && !VAGUE.has(key.toLowerCase());
  return /(?:^|_)(?:status|state)$|(?:Status|State)$/.test(key) && sidesOf(value) !== null;
}

/** The key as it stands, or as words; null for one that is too short to be recognised in prose. */
function phraseOf(key: string): string | null {
  const words = key
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .split(/[\s_-]+/)
    .filter((word) => /^[\p{L}\p{N}]+$/u.test(word));
  return words.join('').length < 5 ? null : words.join(String.raw`[\s_-]*`);
}

function agree(kind: Kind, value: number | string, said: string): boolean {
  if (kind === 'date') return String(value).startsWith(said);
  if (kind === 'status') return !excludes(String(value), said);
  const number = Number(said.replaceAll(',', ''));
  const decimals = said.split('.')[1]?.length ?? 0;
  return Math.abs(number - Number(value)) <= 0.5 * 10 ** -decimals + 1e-9;
}

/** In the syntax of RE2, which knows no look-around. */
function oracleOf(kind: Kind, phrase: string, value: number | string): Detector {
  const states = (pattern: string): Detector => ({
    kind: 'regex',
    pattern: `(?:${phrase})${IS}[$€£]?\\s?(?:${pattern})`,
    flags: 'i',
  });
  if (kind === 'status') return states(String.raw`(?:${sidesOf(String(value))?.[1].join('|') ?? ''})\b`);
  const anyValue = kind === 'date' ? String.raw`\d{4}-\d{2}-\d{2}` : String.raw`-?\d`;
  const right = kind === 'date' ? String(value).slice(0, 10) : writtenForms(Number(value)).join('|');
  return {
    kind: 'all',
    of: [states(anyValue), { kind: 'not', of: states(String.raw`(?:${right})(?:[^\d.,]|[.,]\D|[.,]?$)`) }],
  };
}

/** The number as it may be written: with so many decimals, with and without separators. */
function writtenForms(value: number): readonly string[] {
  const plain = [0, 1, 2, 3, 4].map((decimals) => value.toFixed(decimals));
  const grouped = plain.map((text) => text.replace(/\B(?=(?:\d{3})+(?:\.|$))/g, ','));
  return [...new Set([...plain, ...grouped, String(value)])].map((text) =>
    text.replace(/[.+]/g, String.raw`\$&`),
  );
}

function sidesOf(status: string): readonly [readonly string[], readonly string[]] | null {
  const word = status.toLowerCase();
  const pair = OPPOSITES.find(([yes, no]) => yes.includes(word) || no.includes(word));
  if (pair === undefined) return null;
  return pair[0].includes(word) ? pair : [pair[1], pair[0]];
}

function excludes(status: string, said: string): boolean {
  return sidesOf(status)?.[1].includes(said.toLowerCase()) === true;
}
