import { RE2JS } from 're2js';
import type { MatchPattern } from '../domain/detection';
import { DomainError } from '../domain/errors';
import { RecentMap } from './recent-map';
import { withinTimeLimit } from './time-limit';

const MAX_PATTERN_CHARS = 2_000;
const MAX_TEXT_CHARS = 200_000;
const CACHED_PATTERNS = 200;

/** `g` and `u` are what people write; they change nothing here. */
const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
  g: 0,
  u: 0,
};

const compiled = new RecentMap<RE2JS>(CACHED_PATTERNS);

/**
 * Finds a pattern in RE2 syntax (JavaScript's spelling of named groups and code points is understood too).
 * @throws {DomainError} `invalid_experiment` for a pattern that does not compile, a text that is too long, or a search that is.
 */
export const findPattern: MatchPattern = (pattern, flags, text, from = 0) => {
  if (text.length > MAX_TEXT_CHARS) {
    throw refusal(pattern, flags, `a text of more than ${MAX_TEXT_CHARS} characters is not searched`);
  }
  const key = `${flags}/${pattern}`;
  const expression = compiled.getOrMake(key, () => compilePattern(pattern, flags));
  try {
    return withinTimeLimit(`the pattern /${pattern}/${flags}`, () => {
      const matcher = expression.matcher(text);
      return matcher.find(from) ? { index: matcher.start(), text: matcher.group() ?? '' } : undefined;
    });
  } catch (error) {
    compiled.delete(key);
    throw error;
  }
};

/** @throws {DomainError} `invalid_experiment` */
export function compilePattern(pattern: string, flags: string): RE2JS {
  if (pattern.length > MAX_PATTERN_CHARS) {
    throw refusal(pattern.slice(0, 100), flags, `it has more than ${MAX_PATTERN_CHARS} characters`);
  }
  const bits = flags.split('').map((flag) => {
    const bit = FLAGS[flag];
    if (bit === undefined) throw refusal(pattern, flags, `the flag ${flag} is unknown`);
    return bit;
  });
  try {
    return withinTimeLimit(`the pattern /${pattern}/${flags}`, () =>
      RE2JS.compile(
        RE2JS.translateRegExp(pattern),
        bits.reduce((all, bit) => all | bit, 0),
      ),
    );
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw refusal(pattern, flags, error instanceof Error ? error.message : String(error));
  }
}

function refusal(pattern: string, flags: string, reason: string): DomainError {
  return new DomainError('invalid_experiment', `the pattern /${pattern}/${flags} cannot be used: ${reason}`);
}
