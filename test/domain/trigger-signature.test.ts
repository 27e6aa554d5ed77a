import * as fc from 'fast-check';
import { normaliseTrigger, triggerSignature } from '../../src/domain/trigger-signature';

const anyText = fc.string({ unit: 'binary', maxLength: 400 });
const utf16 = fc
  .array(fc.nat({ max: 0xffff }), { maxLength: 200 })
  .map((units) => String.fromCharCode(...units));
const texts = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), anyText, utf16);

describe('normaliseTrigger', () => {
  it.each([
    ['Fact in the middle', 'fact-in-the-middle'],
    ['  fact -- in_the\tMIDDLE!  ', 'fact-in-the-middle'],
    ['Ｆａｃｔ in the ﬁrst ½', 'fact-in-the-first-1-2'],
    ['Déjà vu, ÉTÉ', 'deja-vu-ete'],
    ['6,000 characters', '6-000-characters'],
    ['переопределение Инструкции', 'переопределение-инструкции'],
    ['指示を上書き', '指示を上書き'],
    ['हिन्दी', 'हिन्दी'],
    ['zero\u200Bwidth \u{1F600} joke', 'zerowidth-joke'],
    ['lone \uD800 surrogate', 'lone-surrogate'],
  ])('reads %j as %s', (text, key) => {
    expect(normaliseTrigger(text)).toBe(key);
  });

  it('cuts a long trigger at a word and tells it from others that begin alike', () => {
    const start =
      'a very long trigger that goes on about the same thing until nobody wants to read it any more';
    const [one, other] = [normaliseTrigger(`${start}, one`), normaliseTrigger(`${start}, two`)];
    expect(one).toMatch(/^a-very-long-trigger-that-goes-on-about-the-same-thing-until-[0-9a-f]{16}$/);
    expect(other).not.toBe(one);
  });

  it('names what has no words', () => {
    expect(normaliseTrigger('')).toBe('wordless-cbf29ce484222325');
    expect(normaliseTrigger('\u{1F600}')).not.toBe(normaliseTrigger('\u{1F601}'));
  });

  it('is bounded, made of words and hyphens, and storable, whatever comes in', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const key = normaliseTrigger(text);
        expect(key.length).toBeLessThanOrEqual(80);
        expect(key).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(-[\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*$/u);
      }),
      { numRuns: 2_000 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const key = normaliseTrigger(text);
        expect(normaliseTrigger(key)).toBe(key);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is blind to case, spacing and composition of letters', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-zéüñçø]{1,12}$/), { minLength: 1, maxLength: 12 }),
        (words) => {
          const key = normaliseTrigger(words.join(' '));
          expect(normaliseTrigger(` ${words.join('  —  ').toUpperCase().normalize('NFD')}. `)).toBe(key);
        },
      ),
    );
  });
});

describe('triggerSignature', () => {
  it('reads as target, type and trigger', () => {
    expect(triggerSignature('demo', 'position_bias', 'Fact in the middle')).toBe(
      'demo/position_bias/fact-in-the-middle',
    );
  });
});
