/** Controls but tab and line feed, and marks that turn the direction of what follows: they show something that is not there. */
const DECEPTIVE =
  // oxlint-disable-next-line no-control-regex -- the controls are what it looks for
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\p{Surrogate}]/gu;

/** A text of a document for people, with everything visible that is there: `‹U+202E›` in place of such a character. */
export function visibleText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(DECEPTIVE, (character) => codePoint(character));
}

/** How a character is named that cannot be shown. */
export function codePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}
