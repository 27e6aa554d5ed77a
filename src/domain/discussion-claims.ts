import { DISCUSSED_KINDS, referenceOf } from './discussion';
import type { Claim, DiscussedRecord, SupportedSentence } from './discussion';
import { factsOf, wordsOf } from './discussion-facts';

/** Why a statement is not let through. */
export type ClaimFault =
  | 'no_citation'
  | 'several_sentences'
  | 'figure_not_in_records'
  | 'state_not_in_records'
  | 'name_not_in_records'
  | 'quote_not_in_records';

export interface CheckedClaims {
  readonly sentences: readonly SupportedSentence[];
  readonly removed: readonly { readonly claim: Claim; readonly fault: ClaimFault }[];
}

const REFERENCE = new RegExp(`\\[?\\b(?:${DISCUSSED_KINDS.join('|')}):[0-9a-f]{8}[0-9a-f-]*\\]?`, 'gi');
const QUOTED = /“([^“”]*)”/g;
const QUOTE_OR_REFERENCE = new RegExp(`“([^“”]*)”|"([^"]*)"|\\s*${REFERENCE.source}`, 'gi');
const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

/** What says how things stand, and what a record must say for it. */
const STANDINGS: readonly (readonly [RegExp, RegExp])[] = [
  [/(?<!\d )\bfixed\b/i, /\b(?:resolved|improved)\b/],
  [/(?<!not )\blive\b/i, /\blive on\b/],
  ...[
    'resolved',
    'improved',
    'degraded',
    'inconclusive',
    'approved',
    'rejected',
    'expired',
    'cancelled',
    'completed',
    'regressed',
    'pending',
    'no[ _]change',
    'side[ _]effect',
    'not[ _]reproduced',
    ...['S0', 'S1', 'S2', 'S3', 'S4'],
  ].map((word): readonly [RegExp, RegExp] => [
    new RegExp(`\\b${word}\\b`, 'i'),
    new RegExp(`\\b${word}\\b`, 'i'),
  ]),
];

/**
 * Holds each statement against the records it cites; whoever made it, only what passes is said. It has to be one sentence,
 * cite a record of `records`, and take its figures, states and severities from what the system knows of the cited records
 * (`factsOf`), its names in snake_case from their text, and its quotes from it word for word. A figure may be rounded, or be
 * the number of cited records. Whether the other words follow from the records is beyond rules.
 */
export function checkClaims(claims: readonly Claim[], records: readonly DiscussedRecord[]): CheckedClaims {
  const sentences: SupportedSentence[] = [];
  const removed: CheckedClaims['removed'][number][] = [];
  for (const claim of claims) {
    const { text, cited } = readClaim(claim, records);
    const fault = faultOf(text, cited);
    if (fault === undefined) sentences.push({ text, cites: cited.map(referenceOf) });
    else removed.push({ claim, fault });
  }
  return { sentences, removed };
}

/** Citations within the text count too, and stand behind it afterwards; within a quote they are words of the record. */
function readClaim(
  { text, cites }: Claim,
  records: readonly DiscussedRecord[],
): { readonly text: string; readonly cited: readonly DiscussedRecord[] } {
  const outside: string[] = [];
  const plain = text.replace(QUOTE_OR_REFERENCE, (found, curly?: string, straight?: string) => {
    const quote = curly ?? straight;
    if (quote !== undefined) return `“${quotable(quote)}”`;
    outside.push(found);
    return '';
  });
  const given = [...cites, ...outside].map((each) =>
    each
      .trim()
      .toLowerCase()
      .replace(/^\[|\]$/g, ''),
  );
  const cited = new Set(given.flatMap((each) => recordOf(each, records) ?? []));
  return { text: plain.replace(/\s+/g, ' ').trim(), cited: [...cited] };
}

/** The record of a reference, which may leave out the end of a long id where that is unambiguous. */
function recordOf(reference: string, records: readonly DiscussedRecord[]): DiscussedRecord | undefined {
  if (!/^[a-z]+:[0-9a-f-]{8,36}$/.test(reference)) return undefined;
  const found = records.filter((record) => referenceOf(record).startsWith(reference));
  return found.length === 1 ? found[0] : undefined;
}

function faultOf(text: string, cited: readonly DiscussedRecord[]): ClaimFault | undefined {
  if (text === '' || cited.length === 0) return 'no_citation';
  const facts = cited.map(factsOf).join('\n');
  const all = `${facts}\n${cited.flatMap((record) => Object.values(wordsOf(record))).join('\n')}`;
  const unquoted = text.replace(QUOTED, '“”');
  if ([...SENTENCES.segment(unquoted)].length > 1) return 'several_sentences';
  if (!quotesOf(text).every((quote) => holdsQuote(all, quote))) return 'quote_not_in_records';
  if (STANDINGS.some(([said, known]) => said.test(unquoted) && !known.test(facts)))
    return 'state_not_in_records';
  const names = unquoted.match(/\b[a-z]+(?:_[a-z]+)+\b/gi) ?? [];
  if (!names.every((name) => all.toLowerCase().includes(name.toLowerCase()))) return 'name_not_in_records';
  const known = [...figuresOf(facts), String(cited.length)].map(Number);
  const holds = (figure: string): boolean => known.some((each) => isRounded(figure, each));
  return figuresOf(unquoted).every(holds) ? undefined : 'figure_not_in_records';
}

function quotesOf(text: string): readonly string[] {
  return [...text.matchAll(QUOTED)].map(([, quote = '']) => quote);
}

function holdsQuote(text: string, quote: string): boolean {
  const wanted = comparable(quote.replace(/…$/, ''));
  return wanted !== '' && comparable(text).includes(wanted);
}

/** Text as quotes have it: on one line, without what ends a quote or looks like a citation. */
export function quotable(text: string): string {
  return text
    .replace(/[“”„"«»]/g, "'")
    .replace(/\[/g, '(')
    .replace(/\]/g, ')')
    .replace(/\s+/g, ' ')
    .trim();
}

function comparable(text: string): string {
  return quotable(text).toLowerCase();
}

/** Numbers that stand by themselves: not those of names like S3; thousands without their commas. */
function figuresOf(text: string): readonly string[] {
  const plain = text.replace(/(?<=\d),(?=\d{3}\b)/g, '');
  return plain.match(/(?<![\p{L}\d_.])\d+(?:\.\d+)?/gu) ?? [];
}

/** Whether a figure is a number, to its own number of decimals. */
function isRounded(figure: string, value: number): boolean {
  const decimals = figure.split('.')[1]?.length ?? 0;
  return Number(figure) === Number(value.toFixed(decimals));
}
