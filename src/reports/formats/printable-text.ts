import { codePoint, visibleText } from './visible-text';

/** What the embedded font has no picture of: it has Latin, Greek, Cyrillic, Vietnamese, and the common signs. */
const NO_PICTURE =
  /[^\n\t\u0020-\u007E\u00A0-\u017F\u0192\u01A0\u01A1\u01AF\u01B0\u0218-\u021B\u02C6\u02C7\u0384-\u038A\u038C\u038E-\u03A1\u03A3-\u03CE\u0400-\u0482\u048A-\u0513\u1E80-\u1E85\u1E9E\u1EA0-\u1EF9\u2010\u2011\u2013-\u2015\u2018-\u201E\u2020-\u2022\u2026\u2030\u2032\u2033\u2039\u203A\u20A3\u20A4\u20A6-\u20AC\u2122\u2202\u2206\u2211\u2212\u221A\u221E\u2248\u2260\u2264\u2265]/gu;

/** A text for paper: what cannot be printed is named, `‹U+4E2D›`. */
export function printableText(text: string): string {
  return visibleText(text).replace(NO_PICTURE, (character) => codePoint(character));
}
