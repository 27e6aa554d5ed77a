const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const DIGITS = '0123456789';

/** A stream of numbers from 0 to below 1 that the text alone decides: the same text, the same numbers in every process. */
export function chanceOf(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  // A 32-bit Weyl sequence with an xor-shift-multiply finaliser.
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** A made-up token in the shape of a pattern: `A` a capital without vowels, so that no word comes out, `0` a digit. */
export function secretOf(shape: string, chance: () => number): string {
  const from = (characters: string): string => characters[Math.floor(chance() * characters.length)] ?? '';
  return shape.replace(/[A0]/g, (kind) => from(kind === 'A' ? LETTERS : DIGITS));
}

/** One of the numbers from `from` to `to` in steps, other than those in `unlike`; undefined when none is left. */
export function numberOf(
  {
    from,
    to,
    step,
    unlike,
  }: {
    readonly from: number;
    readonly to: number;
    readonly step: number;
    readonly unlike: readonly number[];
  },
  chance: () => number,
): number | undefined {
  const places = Math.max(...[from, step].map((number) => (String(number).split('.')[1] ?? '').length));
  const count = Math.min(10_000, Math.floor((to - from) / step + 1e-9) + 1);
  const numbers = Array.from({ length: count }, (_, index) => Number((from + index * step).toFixed(places)));
  const left = numbers.filter((number) => !unlike.includes(number));
  return left[Math.floor(chance() * left.length)];
}
