import type { MatchPattern } from '../domain/detection';
import { DomainError } from '../domain/errors';

/** What is taken out of spans before they are stored. */
export interface RedactionRule {
  /** Stands in place of what was found: `[redacted:email]`. */
  readonly name: string;
  /** The text without what is to go, and how often it was there. */
  readonly apply: (text: string) => { readonly text: string; readonly count: number };
}

/** By their prefixes, as their makers publish them, or by what stands around them. */
const SECRETS =
  /\b(?:sk-[\w-]{16,}|gh[pousr]_\w{30,}|github_pat_\w{40,}|glpat-[\w-]{20,}|xox[abeprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AIza[\w-]{35}|hf_[A-Za-z]{30,}|gsk_\w{30,}|tinman_[0-9a-f]{32}_[\w-]{43}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)|\bBearer\s+[\w.~+/-]{16,}=*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"']{0,100}):[^\s/@"']{1,200}@/gi;
/** Within text a secret goes by the name before it, as in JSON and in headers. */
const NAMED_SECRET =
  /(["']?(?:authorization|api[-_]?key|password|passwd|client[-_]?secret|access[-_]?token|refresh[-_]?token|set-cookie|cookie)["']?\s*[:=]\s*)("(?:[^"\\]|\\.){1,4000}"|'[^']{1,4000}'|[^\s,;"'}]{4,4000})/gi;
const EMAIL =
  /[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,8}/gi;
/** Thirteen to nineteen digits as cards are numbered, alone or in groups. */
const CARD = /(?<![\d.-])(?:3[47]|3[068]|4\d|5[1-5]|2[2-7]|6\d)(?:[ -]?\d){11,17}(?![\d-])/g;

/** Looked for first, since most texts have none of it: in secrets by form, in URLs, by name. */
const MARKS =
  /sk-|gh[pousr]_|github_pat|glpat|xox|AKIA|ASIA|AIza|hf_|gsk_|tinman_|eyJ|Bearer|BEGIN|:\/\/|authorization|key|passw|secret|token|cookie/i;
const CARD_MARK = /\d[ -]?\d{2,3}[ -]?\d/;

const secrets: RedactionRule = {
  name: 'secret',
  apply: (text) => {
    if (!MARKS.test(text)) return { text, count: 0 };
    let count = 0;
    const gone = (kept = '', after = ''): string => {
      count += 1;
      return `${kept}[redacted:secret]${after}`;
    };
    return {
      text: text
        .replace(SECRETS, () => gone())
        .replace(URL_PASSWORD, (_match, before: string) => gone(`${before}:`, '@'))
        .replace(NAMED_SECRET, (match, before: string, value: string) =>
          value.includes('[redacted:') ? match : gone(before),
        ),
      get count() {
        return count;
      },
    };
  },
};

const emails: RedactionRule = {
  name: 'email',
  apply: (text) => (text.includes('@') ? replaced(text, EMAIL, 'email') : { text, count: 0 }),
};

const cards: RedactionRule = {
  name: 'card',
  apply: (text) =>
    CARD_MARK.test(text)
      ? replaced(text, CARD, 'card', (match) => isCard(match.replace(/\D/g, '')))
      : { text, count: 0 },
};

/** Secrets, addresses of e-mail and numbers of payment cards. */
export const REDACTION_RULES: readonly RedactionRule[] = [secrets, emails, cards];

function replaced(
  text: string,
  pattern: RegExp,
  name: string,
  isMeant: (match: string) => boolean = () => true,
): { readonly text: string; readonly count: number } {
  let count = 0;
  const after = text.replace(pattern, (match) => {
    if (!isMeant(match)) return match;
    count += 1;
    return `[redacted:${name}]`;
  });
  return { text: after, count };
}

/** The check digit of ISO/IEC 7812-1, annex B (Luhn). */
function isCard(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19) return false;
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * The rules, with those of the user behind them.
 * @throws {DomainError} `invalid_configuration` for a pattern that cannot be used.
 */
export function redactionRules(
  custom: readonly { readonly name: string; readonly pattern: string }[],
  match: MatchPattern,
): readonly RedactionRule[] {
  return [...REDACTION_RULES, ...custom.map((rule) => customRule(rule, match))];
}

function customRule(
  { name, pattern }: { readonly name: string; readonly pattern: string },
  match: MatchPattern,
): RedactionRule {
  try {
    match(pattern, '', '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DomainError('invalid_configuration', `traces.redact, ${name}: ${why}`);
  }
  return { name, apply: (text) => replacedByPattern(text, name, (piece) => match(pattern, '', piece)) };
}

/** Longer texts are searched in pieces that overlap, so that no match up to the length of the overlap is cut. */
const PIECE = 100_000;
const OVERLAP = 1_000;

function replacedByPattern(
  text: string,
  name: string,
  find: (piece: string) => { readonly index: number; readonly text: string } | undefined,
): { readonly text: string; readonly count: number } {
  let clean = '';
  let count = 0;
  for (let at = 0; at < text.length;) {
    const piece = text.slice(at, at + PIECE);
    const found = find(piece);
    if (found === undefined || found.text === '') {
      const end = at + PIECE >= text.length ? piece.length : PIECE - OVERLAP;
      clean += piece.slice(0, end);
      at += end;
    } else {
      clean += `${piece.slice(0, found.index)}[redacted:${name}]`;
      count += 1;
      at += found.index + found.text.length;
    }
  }
  return { text: clean, count };
}
