import type { FailureType } from './taxonomy';

/** Longest normalised trigger, in UTF-16 units. */
const TRIGGER_LIMIT = 80;

/** Accents on Latin, Greek and Cyrillic letters; marks of other scripts carry meaning and stay. */
const ACCENTS = /[\u0300-\u036F]/g;
/** Joiners, variation selectors and the like, which nobody sees. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const WORDS = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/**
 * The trigger as a readable key: its words in small letters, joined by hyphens, so that case, accents, punctuation,
 * width and spacing make no difference. At most 80 characters: a longer one is cut at a word and told apart by a hash of
 * all its words; a text without any word is a hash of what there is. Normalising again changes nothing.
 */
export function normaliseTrigger(text: string): string {
  const words = wordsOf(text);
  if (words.length === 0) return `wordless-${hash(text)}`;
  const whole = words.join('-');
  if (whole.length <= TRIGGER_LIMIT) return whole;
  const suffix = `-${hash(whole)}`;
  return `${beginning(words, TRIGGER_LIMIT - suffix.length)}${suffix}`;
}

/** Identifies a failure across cycles, as in `demo/position_bias/fact-in-the-middle`. `target` is a configured name. */
export function triggerSignature(target: string, failureType: FailureType, trigger: string): string {
  return `${target}/${failureType}/${normaliseTrigger(trigger)}`;
}

/** The words of a text in small letters, without accents. */
export function wordsOf(text: string): readonly string[] {
  return fold(text).match(WORDS) ?? [];
}

function fold(text: string): string {
  const plain = text.normalize('NFKD').toLowerCase().replace(INVISIBLE, '').replace(ACCENTS, '');
  return plain.normalize('NFC');
}

/** As many whole words as fit; of a single word that does not, as many whole characters. */
function beginning(words: readonly string[], limit: number): string {
  let joined = '';
  for (const word of words) {
    const longer = joined === '' ? word : `${joined}-${word}`;
    if (longer.length > limit) break;
    joined = longer;
  }
  return joined === '' ? (words[0] ?? '').slice(0, limit).replace(/[\uD800-\uDBFF]$/, '') : joined;
}

/**
 * FNV-1a over UTF-16 units, 64 bits as hexadecimal digits; to tell keys apart, not to withstand forgery.
 * Source: Fowler, Noll, Vo; RFC 9923.
 */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i += 1) {
    value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, '0');
}
