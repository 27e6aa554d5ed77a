import type { Attributes, AttributeValue, Span } from '../domain/trace';
import type { RedactionRule } from './redaction-rules';

/** How often each rule found something. */
export type Redactions = Record<string, number>;

/** A member whose name says that its text is a secret. Counts of tokens are numbers, and stay. */
const SECRET_NAME =
  /authorization|api[-_.]?key|password|passwd|passphrase|(?:^|[-_.])secret|credential|cookie|private[-_.]?key|(?:access|auth|refresh|session|bearer)[-_.]?token/i;

/** Shorter texts hold none of it. */
const SHORTEST = 6;

/** The keys of attributes repeat from span to span: so many, up to so long, are looked at once. */
const KEPT_KEYS = 10_000;
const LONGEST_KEPT_KEY = 200;

interface Clean<T> {
  readonly clean: T;
  readonly found: Redactions;
}

/** Takes out of spans what rules find. */
export class Redactor {
  /** What many spans have in common: resources and scopes. */
  private readonly shared = new WeakMap<Attributes, Clean<Attributes>>();
  private readonly keys = new Map<string, Clean<string> & { readonly isSecret: boolean }>();

  constructor(private readonly rules: readonly RedactionRule[]) {}

  /** A span without what the rules find in any of its texts but its ids; what was taken is counted into `found`. */
  redact(span: Span, found: Redactions): Span {
    return {
      ...span,
      name: this.text(span.name, found),
      statusMessage: this.text(span.statusMessage, found),
      attributes: this.attributes(span.attributes, found),
      events: span.events.map((event) => ({
        ...event,
        name: this.text(event.name, found),
        attributes: this.attributes(event.attributes, found),
      })),
      links: span.links.map((link) => ({ ...link, attributes: this.attributes(link.attributes, found) })),
      resource: { attributes: this.common(span.resource.attributes, found) },
      scope: span.scope === null ? null : this.scope(span.scope, found),
    };
  }

  private scope(scope: NonNullable<Span['scope']>, found: Redactions): NonNullable<Span['scope']> {
    return scope.attributes === undefined
      ? scope
      : { ...scope, attributes: this.common(scope.attributes, found) };
  }

  /** What was found in it counts for each span that has it. */
  private common(all: Attributes, found: Redactions): Attributes {
    let known = this.shared.get(all);
    if (known === undefined) {
      const own: Redactions = {};
      known = { clean: this.attributes(all, own), found: own };
      this.shared.set(all, known);
    }
    count(known.found, found);
    return known.clean;
  }

  private attributes(all: Attributes, found: Redactions): Attributes {
    return Object.fromEntries(
      Object.entries(all).map(([key, value]) => {
        const name = this.key(key);
        count(name.found, found);
        return [name.clean, name.isSecret ? withoutText(value, found) : this.value(value, found)];
      }),
    );
  }

  private key(key: string): Clean<string> & { readonly isSecret: boolean } {
    const known = this.keys.get(key);
    if (known !== undefined) return known;
    const found: Redactions = {};
    const looked = { clean: this.text(key, found), found, isSecret: SECRET_NAME.test(key) };
    if (key.length <= LONGEST_KEPT_KEY && this.keys.size < KEPT_KEYS) this.keys.set(key, looked);
    return looked;
  }

  private value(value: AttributeValue, found: Redactions): AttributeValue {
    if (typeof value === 'string') return this.text(value, found);
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (isList(value)) return value.map((each) => this.value(each, found));
    return this.attributes(value, found);
  }

  private text(text: string, found: Redactions): string {
    if (text.length < SHORTEST) return text;
    let clean = text;
    for (const { name, apply } of this.rules) {
      const { text: after, count: times } = apply(clean);
      if (times === 0) continue;
      clean = after;
      found[name] = (found[name] ?? 0) + times;
    }
    return clean;
  }
}

function count(from: Redactions, to: Redactions): void {
  for (const name in from) to[name] = (to[name] ?? 0) + (from[name] ?? 0);
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

function isList(value: object): value is readonly AttributeValue[] {
  return Array.isArray(value);
}
