import { assert, property, string } from 'fast-check';
import { NEARLY_THE_SAME, trigramSimilarity, trigramsOf } from '../../src/domain/trigrams';
import { wordsOf } from '../../src/domain/trigger-signature';
import { LIBRARY } from '../support/library';

const likeness = (a: string, b: string): number => trigramSimilarity(trigramsOf(a), trigramsOf(b));

describe('trigrams', () => {
  it('are those of the manual of pg_trgm', () => {
    expect([...trigramsOf('cat')].toSorted()).toEqual(['  c', ' ca', 'at ', 'cat']);
    expect([...trigramsOf('foo|bar')].toSorted()).toEqual(
      ['  f', ' fo', 'foo', 'oo ', '  b', ' ba', 'bar', 'ar '].toSorted(),
    );
    expect(likeness('word', 'two words')).toBeCloseTo(0.36363637, 7);
  });

  it('are of characters, not of halves of them', () => {
    expect([...trigramsOf('𐐷𐐷𐐷')]).toEqual(['  𐐷', ' 𐐷𐐷', '𐐷𐐷𐐷', '𐐷𐐷 ']);
  });
});

describe('the likeness of two texts', () => {
  it('is symmetric, between 0 and 1, and 1 for texts of the same words', () => {
    expect(() => {
      assert(
        property(string({ unit: 'grapheme' }), string({ unit: 'grapheme' }), (a, b) => {
          const alike = likeness(a, b);
          expect(alike).toBe(likeness(b, a));
          expect(alike).toBeGreaterThanOrEqual(0);
          expect(alike).toBeLessThanOrEqual(1);
          const words = wordsOf(a);
          expect(likeness(a, words.toReversed().join(', ').toUpperCase())).toBe(words.length === 0 ? 0 : 1);
        }),
      );
    }).not.toThrow();
  });

  it('is far below "nearly the same" between different triggers of one type', () => {
    const pairs = LIBRARY.families.flatMap(({ experiments }) => {
      const triggers = [...new Set(experiments.flatMap(({ cases }) => cases.map(({ trigger }) => trigger)))];
      return triggers.flatMap((a, i) => triggers.slice(i + 1).map((b) => likeness(a, b)));
    });
    expect(pairs.length).toBeGreaterThan(5);
    expect(Math.max(...pairs)).toBeLessThan(0.45);
    expect(
      likeness(
        'asked to compare decimals of unequal length',
        'when asked to compare decimals of unequal lengths',
      ),
    ).toBeGreaterThan(NEARLY_THE_SAME);
    expect(
      likeness(
        'the answer ignores a fact in the middle of a long document',
        'the answer ignores a fact in the middle of a lengthy document',
      ),
    ).toBeGreaterThan(NEARLY_THE_SAME);
  });
});
