import { plainWord } from './plain-words';

/** Words that carry no subject: two texts that share only these are not about the same thing. */
const STOP_WORDS = new Set(
  (
    'a an the this that these those it its i me my mine we us our you your he she they them their his her one ' +
    'is are was were be been am do does did done have has had can could will would shall should may might must ' +
    'and or but if so as at by for from in into of on onto out to up with about than then there here just only ' +
    'what which who whom whose when where why how much many long please tell give say know need want like let ' +
    'get got any some all not no yes also very now again exactly reply answer respond question quick hello hi ' +
    'thanks thank ok okay sure ask asked back first mention mentioned told according whether wonder wondering'
  ).split(' '),
);

/** Words that mean the same in a shop, by their stems: each is read as the first of its line. */
const SYNONYMS = new Map(
  [
    ['track', 'status', 'where', 'whereabout', 'locate'],
    ['fee', 'cost', 'price', 'charge', 'pay', 'expensive'],
    ['archive', 'tidy', 'clean', 'organise', 'organize', 'declutter', 'sort', 'room'],
    ['refund', 'reimburse', 'money'],
    ['delete', 'erase', 'purge', 'remove', 'wipe'],
    ['opening', 'open', 'hour', 'close'],
    ['book', 'schedule', 'reserve', 'arrange'],
  ].flatMap((line) => line.map((word): [string, string] => [stem(word), line[0] ?? word])),
);

/** What the forms of a word have in common. */
function stem(word: string): string {
  if (word.length > 5 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  const bare = /[^\d]{3}(?:ing|[^e]ed)$/.test(word) ? word.replace(/(?:ing|ed)$/, '') : withoutPlural(word);
  if (bare !== word && /([bdgmnprt])\1$/.test(bare)) return bare.slice(0, -1);
  return bare.length > 4 && bare.endsWith('e') ? bare.slice(0, -1) : bare;
}

function withoutPlural(word: string): string {
  return word.length > 4 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

/** The words of a text as they are written, in lower case. */
export function writtenWords(text: string): readonly string[] {
  return (
    text
      .toLowerCase()
      .replace(/['’]s\b/g, '')
      .match(/[\p{L}\p{N}]+(?:[.'-][\p{L}\p{N}]+)*/gu) ?? []
  );
}

/** The subject words of a text: plain, without stop words, singular, synonyms joined; `snake_case` counts as words. */
export function subjectWords(text: string): readonly string[] {
  const known = recentWords.get(text);
  if (known !== undefined) return known;
  const words = writtenWords(text)
    .map(plainWord)
    .filter((word) => !STOP_WORDS.has(word))
    .map(stem)
    .map((word) => SYNONYMS.get(word) ?? word);
  if (text.length <= SENTENCE_CHARS) {
    if (recentWords.size >= MOST_RECENT) recentWords.clear();
    recentWords.set(text, words);
  }
  return words;
}

/** Of sentences: every request of a conversation has those of its documents in it. */
const recentWords = new Map<string, readonly string[]>();
const MOST_RECENT = 2_000;
const SENTENCE_CHARS = 300;

/** The sentences of a text with their offsets in it. */
export function sentencesOf(text: string): readonly { readonly text: string; readonly offset: number }[] {
  return [...text.matchAll(/[^\n]+?(?:[.!?](?=\s|$)|(?=\n|$))/g)]
    .map((match) => ({ text: match[0].trim(), offset: match.index }))
    .filter((sentence) => sentence.text !== '');
}

/** The word of the vocabulary that `word` is, allowing for one slip of the keyboard (two from eight letters on). */
export function spelledLike(word: string, vocabulary: ReadonlySet<string>): string | undefined {
  if (vocabulary.has(word)) return word;
  if (word.length < 4 || /\d/.test(word)) return undefined;
  const slips = word.length >= 8 ? 2 : 1;
  for (const known of vocabulary) {
    if (Math.abs(known.length - word.length) <= slips && distance(word, known) <= slips) return known;
  }
  return undefined;
}

/** Edit distance that counts a swap of neighbours as one step (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const steps = [at(rows, i - 1, j) + 1, (row[j - 1] ?? 0) + 1, at(rows, i - 1, j - 1) + same];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) steps.push(at(rows, i - 2, j - 2) + 1);
      row.push(Math.min(...steps));
    }
    rows.push(row);
  }
  return at(rows, a.length, b.length);
}

function at(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? Infinity;
}

/** The codes of a text, such as `K-4411`, as one text. */
export function codesOf(text: string): string {
  return (text.match(/\b[A-Z]+-?\d[\w-]*\b/g) ?? []).join(' ');
}
