const SUBJECTS = [
  'The eastern quay',
  'The rope store',
  'The old boathouse',
  'The chandlery',
  'The signal mast',
  'The slip',
  'The net loft',
];
const DEEDS = [
  'was repainted',
  'was swept and aired',
  'was inspected',
  'stayed dry',
  'was lent to the sailing school',
  'was measured again',
  'was left as it is',
];
const TIMES = [
  'in early spring',
  'after the storm',
  'before the regatta',
  'on a calm morning',
  'at the end of the season',
  'during the holidays',
];
const REMARKS = [
  'and nobody complained',
  'without any cost',
  'as in the year before',
  'by the usual crew',
  'which took two days',
  'to general approval',
];

/** A sentence with its place in a longer text: 0 stands first, 1 last. */
export interface Needle {
  readonly text: string;
  readonly at: number;
}

/** Plain sentences of at least so many characters with the needles among them. */
export function fillerWith(chars: number, start: number, needles: readonly Needle[]): string {
  return withNeedles(sentencesOf(chars, start), needles).join(' ');
}

/** So many texts of at least so many characters each, with the needles placed in the whole of them. */
export function fillerTexts(
  count: number,
  charsEach: number,
  start: number,
  needles: readonly Needle[],
): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const last = index === count - 1;
    const here = needles
      .map(({ text, at }) => ({ text, at: at * count - index }))
      .filter(({ at }) => at >= 0 && (at < 1 || (last && at <= 1)));
    return fillerWith(charsEach, start + 17 * index, here);
  });
}

/** Without codes or figures; the same for the same start. */
function sentencesOf(chars: number, start: number): readonly string[] {
  const sentences: string[] = [];
  let length = 0;
  for (let index = start; length < chars; index++) {
    const parts = [SUBJECTS, DEEDS, TIMES, REMARKS].map(
      (list, column) => list[stepped(index, column) % list.length],
    );
    const sentence = `${parts.join(' ')}.`;
    sentences.push(sentence);
    length += sentence.length + 1;
  }
  return sentences;
}

function withNeedles(sentences: readonly string[], needles: readonly Needle[]): readonly string[] {
  const placed = needles.map(({ text, at }) => ({ text, before: Math.round(at * sentences.length) }));
  const at = (index: number): readonly string[] =>
    placed.filter(({ before }) => before === index).map(({ text }) => text);
  return [...sentences.flatMap((sentence, index) => [...at(index), sentence]), ...at(sentences.length)];
}

/** Walks the lists at different speeds, so that sentences do not repeat soon. */
function stepped(index: number, column: number): number {
  return Math.floor(index / 3 ** column) + index * (column + 1);
}
