import { array, assert, asyncProperty, constantFrom, integer, uniqueArray } from 'fast-check';
import { minimise } from '../../src/domain/minimise';
import type { Trial } from '../../src/domain/minimise';

const PARTS = Array.from({ length: 12 }, (_, index) => index);
const trialOf = (fails: boolean): Promise<Trial> => Promise.resolve(fails ? 'fails' : 'holds');

describe('minimise', () => {
  it('leaves exactly the parts that a failure needs', () =>
    assert(
      asyncProperty(uniqueArray(integer({ min: 0, max: 11 })), async (needed) => {
        const { kept, necessary } = await minimise(PARTS, (some) =>
          trialOf(needed.every((part) => some.includes(part))),
        );
        expect(kept).toEqual(needed.toSorted((a, b) => a - b));
        expect(necessary).toEqual(kept);
      }),
    ));

  it('leaves nothing that can be done without, whatever makes it fail', () =>
    assert(
      asyncProperty(array(uniqueArray(integer({ min: 0, max: 7 }))), async (failing) => {
        const parts = PARTS.slice(0, 8);
        const keys = new Set([parts, ...failing].map((some) => some.toSorted((a, b) => a - b).join()));
        const fails = (some: readonly number[]): boolean => keys.has(some.join());
        const { kept, necessary } = await minimise(parts, (some) => trialOf(fails(some)));
        expect(fails(kept)).toBe(true);
        for (const part of kept) expect(fails(kept.filter((other) => other !== part))).toBe(false);
        expect(necessary).toEqual(kept);
      }),
    ));

  it('calls no part necessary that was not seen to be, and tries nothing twice', () =>
    assert(
      asyncProperty(array(constantFrom<Trial>('fails', 'holds', 'unknown')), async (answers) => {
        const tried: string[] = [];
        const { kept, necessary } = await minimise(PARTS, (some) => {
          tried.push(some.join());
          return Promise.resolve(answers[tried.length - 1] ?? 'unknown');
        });
        expect(new Set(tried).size).toBe(tried.length);
        for (const part of necessary) {
          const at = tried.indexOf(kept.filter((other) => other !== part).join());
          expect(answers[at]).toBe('holds');
        }
      }),
    ));

  it('asks little when few of many parts matter', async () => {
    const parts = Array.from({ length: 64 }, (_, index) => index);
    let trials = 0;
    const { kept } = await minimise(parts, (some) => {
      trials += 1;
      return trialOf(some.includes(41));
    });
    expect(kept).toEqual([41]);
    expect(trials).toBeLessThanOrEqual(2 * Math.log2(64) + 1);
  });
});
