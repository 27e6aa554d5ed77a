import type { PlantedDocument } from '../../domain/experiment';

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

/** Plain sentences without codes or figures, of at least so many characters; the same for the same start. */
export function filler(chars: number, start = 0): string {
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
  return sentences.join(' ');
}

/** Walks the lists at different speeds, so that sentences do not repeat soon. */
function stepped(index: number, column: number): number {
  return Math.floor(index / 3 ** column) + index * (column + 1);
}

/** So many documents of equal length with one sentence placed at `depth` (0 start, 1 end) of the whole. */
export function haystack(
  needle: string,
  depth: number,
  size: { readonly documents: number; readonly charsEach: number },
): readonly PlantedDocument[] {
  const place = Math.min(depth * size.documents, size.documents - 0.001);
  const holder = Math.floor(place);
  return Array.from({ length: size.documents }, (_, index) => {
    const text = filler(size.charsEach, 17 * index);
    const sentences = text.split(/(?<=\.) /);
    const at = Math.round((place - holder) * sentences.length);
    const shown = index === holder ? sentences.toSpliced(at, 0, needle).join(' ') : text;
    return { title: `Harbour log, part ${index + 1}`, text: shown };
  });
}
