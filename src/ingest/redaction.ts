import type { MatchPattern } from '../domain/detection';
import { DomainError } from '../domain/errors';
import type { Attributes, AttributeValue, Span } from '../domain/trace';

/** What is taken out of spans before they are stored. */
export interface RedactionRule {
  /** Stands in place of what was found: `[redacted:email]`. */
  readonly name: string;
  /** The text without what is to go, and how often it was there. */
  readonly apply: (text: string) => { readonly text: string; readonly count: number };
}

/** How often each rule found something. */
export type Redactions = Record<string, number>;

/** A member whose name says that its text is a secret. Counts of tokens are numbers, and stay. */
const SECRET_NAME =
  /authorization|api[-_.]?key|password|passwd|passphrase|(?:^|[-_.])secret|credential|cookie|private[-_.]?key|(?:access|auth|refresh|session|bearer)[-_.]?token/i;

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

/** Attributes that many spans have in common, cleaned once. */
export type SharedAttributes = WeakMap<
  Attributes,
  { readonly attributes: Attributes; readonly found: Redactions }
>;

/** Takes what the rules find out of every text of a span but its ids; what it took is counted into `found`. */
export function redactSpan(
  span: Span,
  rules: readonly RedactionRule[],
  found: Redactions,
  shared: SharedAttributes = new WeakMap(),
): Span {
  const clean = (text: string): string => redactText(text, rules, found);
  const attributes = (all: Attributes): Attributes => redactAttributes(all, rules, found);
  return {
    ...span,
    name: clean(span.name),
    statusMessage: clean(span.statusMessage),
    attributes: attributes(span.attributes),
    events: span.events.map((event) => ({
      ...event,
      name: clean(event.name),
      attributes: attributes(event.attributes),
    })),
    links: span.links.map((link) => ({ ...link, attributes: attributes(link.attributes) })),
    resource: { attributes: redactShared(span.resource.attributes, rules, found, shared) },
    scope: span.scope === null ? null : redactScope(span.scope, rules, found, shared),
  };
}

function redactScope(
  scope: NonNullable<Span['scope']>,
  rules: readonly RedactionRule[],
  found: Redactions,
  shared: SharedAttributes,
): NonNullable<Span['scope']> {
  if (scope.attributes === undefined) return scope;
  return { ...scope, attributes: redactShared(scope.attributes, rules, found, shared) };
}

/** What was found in it counts for each span that has it. */
function redactShared(
  all: Attributes,
  rules: readonly RedactionRule[],
  found: Redactions,
  shared: SharedAttributes,
): Attributes {
  let known = shared.get(all);
  if (known === undefined) {
    const own: Redactions = {};
    known = { attributes: redactAttributes(all, rules, own), found: own };
    shared.set(all, known);
  }
  for (const name in known.found) found[name] = (found[name] ?? 0) + (known.found[name] ?? 0);
  return known.attributes;
}

function redactAttributes(all: Attributes, rules: readonly RedactionRule[], found: Redactions): Attributes {
  const clean: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(all)) {
    clean[redactText(key, rules, found)] = SECRET_NAME.test(key)
      ? withoutText(value, found)
      : redactValue(value, rules, found);
  }
  return clean;
}

function redactValue(
  value: AttributeValue,
  rules: readonly RedactionRule[],
  found: Redactions,
): AttributeValue {
  if (typeof value === 'string') return redactText(value, rules, found);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (isList(value)) return value.map((each) => redactValue(each, rules, found));
  return redactAttributes(value, rules, found);
}

/** The value of a secret member, without any of its text. */
function withoutText(value: AttributeValue, found: Redactions): AttributeValue {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    if (value.length === 0) return value;
    found['secret'] = (found['secret'] ?? 0) + 1;
    return '[redacted:secret]';
  }
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((each) => withoutText(each, found));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutText(each, found)]));
}

/** Shorter texts hold none of it. */
const SHORTEST = 6;

function redactText(text: string, rules: readonly RedactionRule[], found: Redactions): string {
  if (text.length < SHORTEST) return text;
  let clean = text;
  for (const { name, apply } of rules) {
    const { text: after, count } = apply(clean);
    if (count === 0) continue;
    clean = after;
    found[name] = (found[name] ?? 0) + count;
  }
  return clean;
}

function isList(value: object): value is readonly AttributeValue[] {
  return Array.isArray(value);
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
