/** A text in a form in which disguises are gone, with the index in the original of each of its characters. */
export interface PlainView {
  readonly text: string;
  readonly origins: readonly number[];
  /** Set where it says what the original only says to someone who decodes it. */
  readonly disguise?: 'encoded';
}

/** Letters of other alphabets that look like Latin ones, after Unicode's table of confusables; the commonest. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аαɑ',
    b: 'ьƅ',
    c: 'сϲᴄ',
    d: 'ԁɗ',
    e: 'еεҽ',
    g: 'ɡց',
    h: 'һհ',
    i: 'іιıɩ',
    j: 'ј',
    k: 'кκ',
    l: 'ӏɭ',
    m: 'мᴍ',
    n: 'пո',
    o: 'оοօᴏ',
    p: 'рρ',
    q: 'ԛ',
    r: 'гᴦ',
    s: 'ѕꜱ',
    t: 'тτᴛ',
    u: 'υսᴜ',
    v: 'ѵνᴠ',
    w: 'ԝᴡ',
    x: 'хχ',
    y: 'уүγ',
    z: 'ᴢ',
  }).flatMap(([latin, others]) => Array.from(others, (other): [string, string] => [other, latin])),
);

const TAG_BLOCK = 0xe0000;

/**
 * The ways to read a text: as it stands, with look-alike letters made Latin, and where that says something else, with
 * digits read as the letters they stand for, backwards and in ROT13. All of them in lower case and compatibility forms,
 * without invisible characters and accents, with tag characters made visible and blanks squeezed.
 */
export function plainViews(original: string): readonly PlainView[] {
  const plain = viewOf(original);
  const latin = ASCII.test(plain.text)
    ? plain
    : mapped(plain, (character) => LOOKALIKES.get(character) ?? character);
  const views = latin.text === plain.text ? [plain] : [plain, latin];
  if (DIGIT_IN_WORD.test(latin.text))
    views.push(mapped(latin, (character) => DIGIT_LETTERS.get(character) ?? character));
  if (BACKWARDS.test(latin.text)) views.push({ ...reversed(latin), disguise: 'encoded' });
  if (IN_ROT13.test(latin.text)) views.push({ ...mapped(latin, rot13), disguise: 'encoded' });
  return views;
}

const ASCII = /^[\0-\x7f]*$/;
const DIGIT_IN_WORD = /[a-z][0134567@$]|[0134567@$][a-z]/;

/** Words without which nothing is told to a judge. */
const KEYWORDS = [
  'ignore',
  'disregard',
  'forget',
  'rubric',
  'instruction',
  'verdict',
  'held',
  'passed',
  'mark',
  'judge',
];
const BACKWARDS = anyOf(KEYWORDS.map((word) => word.split('').toReversed().join('')));
const IN_ROT13 = anyOf(KEYWORDS.map((word) => word.split('').map(rot13).join('')));

function anyOf(words: readonly string[]): RegExp {
  return new RegExp(words.join('|'));
}

/** Digits and signs as letters. */
const DIGIT_LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({ '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's' }),
);

function viewOf(original: string): PlainView {
  const parts: string[] = [];
  const origins: number[] = [];
  let index = 0;
  let last = '\n';
  for (const character of original) {
    const plain = plainCharacter(character);
    const kept = plain === ' ' && (last === ' ' || last === '\n') ? '' : plain;
    if (kept !== '') last = kept.at(-1) ?? last;
    parts.push(kept);
    for (let unit = 0; unit < kept.length; unit += 1) origins.push(index);
    index += character.length;
  }
  return { text: parts.join(''), origins };
}

function plainCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return asciiCharacter(character);
  if (code > TAG_BLOCK + 0x1f && code < TAG_BLOCK + 0x7f) {
    return String.fromCodePoint(code - TAG_BLOCK).toLowerCase();
  }
  if (/[\p{Cf}\p{Mn}]/u.test(character)) return '';
  if (/\s/.test(character)) return ' ';
  return character
    .normalize('NFKD')
    .replace(/[\p{Cf}\p{Mn}]/gu, '')
    .toLowerCase()
    .replaceAll('’', "'");
}

function asciiCharacter(character: string): string {
  if (character === '\n') return '\n';
  return character <= ' ' ? ' ' : character.toLowerCase();
}

function mapped({ text, origins }: PlainView, change: (character: string) => string): PlainView {
  // Each is one UTF-16 unit before and after, so that the origins stay right.
  return { origins, text: text.replace(/[^\s]/g, (unit) => change(unit).charAt(0)) };
}

function reversed({ text, origins }: PlainView): PlainView {
  return { text: text.split('').toReversed().join(''), origins: origins.toReversed() };
}

function rot13(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 97 || code > 122) return character;
  return String.fromCharCode(((code - 97 + 13) % 26) + 97);
}
