import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import type { HypothesisDraft } from '../../src/domain/hypothesis';
import { noveltiesOf, refutedLast } from '../../src/domain/hypothesis-novelty';
import { EMPTY_MEMORY, type KnownFailure, type TestedHypothesis } from '../../src/domain/memory';
import { triggerSignature } from '../../src/domain/trigger-signature';

const draft = (expectedFailure: string, priority = 1): HypothesisDraft => ({
  targetSurface: 'chat',
  expectedFailure,
  failureType: 'logic_error',
  confidence: 0.5,
  priority,
  rationale: 'a ground',
});
const tested = (
  statement: string,
  seen: { failed?: number; held?: number; age?: number } | null = {},
): TestedHypothesis => ({
  failureType: 'logic_error',
  statement,
  observations: seen === null ? [] : [{ failed: 0, held: 5, age: 1, ...seen }],
});
const known = (trigger: string): KnownFailure => ({
  failureId: trigger,
  triggerSignature: triggerSignature('shop', 'logic_error', trigger),
  failureType: 'logic_error',
  trigger,
  state: 'resolved',
});
const memory = (testedHypotheses: readonly TestedHypothesis[], ...triggers: string[]) => ({
  ...EMPTY_MEMORY,
  knownFailures: triggers.map(known),
  testedHypotheses,
});

const DECIMALS = 'compares decimals of unequal length wrongly';
const ALSO_DECIMALS = 'Compares decimals of unequal lengths wrongly.';
const DATES = 'reads a date as the month of another country';

describe('the novelty of a hypothesis', () => {
  const noveltyOf = (statement: string, ...of: Parameters<typeof memory>) =>
    noveltiesOf([draft(statement)], 'shop', memory(...of))[0];

  it('is 1 where memory holds nothing, and 0 under the same trigger signature', () => {
    expect(noveltyOf(DECIMALS, [])).toEqual({ novelty: 1, nearest: undefined });
    expect(noveltyOf(DECIMALS, [], DECIMALS.toUpperCase())).toMatchObject({
      novelty: 0,
      nearest: { kind: 'failure' },
    });
    // Without a word there are no trigrams, but a signature.
    expect(noveltyOf('???', [], '???')?.novelty).toBe(0);
    expect(noveltyOf('???', [], '!!!')).toEqual({ novelty: 1, nearest: undefined });
  });

  it('is measured from what is likest, of equals from the known failure', () => {
    expect(noveltyOf(ALSO_DECIMALS, [tested(DATES), tested(DECIMALS)])?.nearest).toMatchObject({
      kind: 'refuted',
      text: DECIMALS,
    });
    expect(noveltyOf(DECIMALS, [tested(DECIMALS)], DECIMALS)?.nearest?.kind).toBe('failure');
    const far = noveltyOf(DATES, [tested(DECIMALS)])?.novelty ?? 0;
    expect(far).toBeGreaterThan(0.7);
    expect(far).toBeLessThan(1);
  });

  it.each([
    ['refuted', { held: 5 }],
    ['tested', { held: 2 }],
    ['tested', { failed: 1, held: 9 }],
    ['refuted', { held: 5, age: 60 }],
    ['tested', { held: 5, age: 100 }],
    ['tested', null],
  ] as const)('calls a hypothesis %s of which was seen %j', (kind, seen) => {
    expect(noveltyOf(DECIMALS, [tested(DECIMALS, seen)])?.nearest?.kind).toBe(kind);
  });
});

describe('what was refuted', () => {
  const statements = (drafts: readonly HypothesisDraft[]) =>
    drafts.map(({ expectedFailure }) => expectedFailure);

  it('stands behind what is new, and says why', () => {
    const ranked = refutedLast(
      [draft(ALSO_DECIMALS, 1), draft(DATES, 3)],
      'shop',
      memory([tested(DECIMALS)]),
    );
    expect(statements(ranked)).toEqual([DATES, ALSO_DECIMALS]);
    expect(ranked.map(({ priority }) => priority)).toEqual([1, 2]);
    expect(ranked[1]?.rationale).toMatch(
      /^a ground \(Novelty 0\.\d\d: most like what was refuted before, "compares decimals of unequal length wrongly"\.\)$/,
    );
  });

  it.each([
    ['it was refuted long ago', memory([tested(DECIMALS, { age: 100 })])],
    ['it failed once', memory([tested(DECIMALS, { failed: 1 })])],
    ['a failure of the target is as near', memory([tested(DECIMALS)], DECIMALS)],
  ])('keeps its place where %s', (_, remembered) => {
    const ranked = refutedLast([draft(DECIMALS, 1), draft(DATES, 2)], 'shop', remembered);
    expect(statements(ranked)).toEqual([DECIMALS, DATES]);
  });

  it('changes nothing where memory is empty, and never leaves one out', () => {
    const statement = constantFrom(DECIMALS, ALSO_DECIMALS, DATES, '???', 'loops');
    const drafts = array(record({ statement, priority: integer() })).map((all) =>
      all.map((one) => draft(one.statement, one.priority)),
    );
    expect(() => {
      assert(
        property(drafts, array(statement), (proposed, refuted) => {
          expect(refutedLast(proposed, 'shop', EMPTY_MEMORY)).toBe(proposed);
          const ranked = refutedLast(proposed, 'shop', memory(refuted.map((one) => tested(one))));
          expect(statements(ranked).toSorted()).toEqual(statements(proposed).toSorted());
          expect(statements(refutedLast(ranked, 'shop', EMPTY_MEMORY))).toEqual(statements(ranked));
        }),
      );
    }).not.toThrow();
  });
});
