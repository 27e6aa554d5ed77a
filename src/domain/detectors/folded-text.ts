/** A text in a form for comparison that remembers where each of its characters comes from. */
export interface FoldedText {
  readonly text: string;
  /** For each UTF-16 unit of `text` the index in the original. */
  readonly origins: readonly number[];
}

/** Case and white space folded: lower case, each run of white space one space, none at the ends. */
export function foldText(original: string): FoldedText {
  const { text, origins } = fold(original, (character) =>
    /\s/.test(character) ? ' ' : character.toLowerCase(),
  );
  return squeezeSpaces(text, origins);
}

/** Letters and digits only, in lower case, without accents and typographic variants: what survives most disguises. */
export function foldToAlphanumerics(original: string): FoldedText {
  return fold(original, (character) =>
    character
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, ''),
  );
}

/** Where a folded text contains another: the passage of the original, from and to. */
export function findFolded(
  haystack: FoldedText,
  needle: string,
): { readonly start: number; readonly end: number } | undefined {
  const index = needle === '' ? -1 : haystack.text.indexOf(needle);
  if (index < 0) return undefined;
  const start = haystack.origins[index] ?? 0;
  const last = haystack.origins[index + needle.length - 1] ?? start;
  return { start, end: last + 1 };
}

function fold(original: string, change: (character: string) => string): FoldedText {
  const parts: string[] = [];
  const origins: number[] = [];
  let index = 0;
  for (const character of original) {
    const changed = change(character);
    parts.push(changed);
    for (let unit = 0; unit < changed.length; unit += 1) origins.push(index);
    index += character.length;
  }
  return { text: parts.join(''), origins };
}

function squeezeSpaces(text: string, origins: readonly number[]): FoldedText {
  const kept = [...origins.keys()].filter((at) => text[at] !== ' ' || (at > 0 && text[at - 1] !== ' '));
  if (text[kept.at(-1) ?? -1] === ' ') kept.pop();
  return { text: kept.map((at) => text[at]).join(''), origins: kept.map((at) => origins[at] ?? 0) };
}
