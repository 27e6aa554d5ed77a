import { array, assert, constantFrom, property, string } from 'fast-check';
import { referenceOf } from '../../src/domain/discussion';
import { checkClaims, quotable } from '../../src/domain/discussion-claims';
import type { ClaimFault } from '../../src/domain/discussion-claims';
import { factsOf } from '../../src/domain/discussion-facts';
import { FAILURE, INTERVENTION, RECORDS, SIMULATION } from '../support/discussed';

const FAILED = referenceOf(FAILURE);
const REPLAYED = referenceOf(SIMULATION);

function faultOf(text: string, ...cites: string[]): ClaimFault | undefined {
  const { sentences, removed } = checkClaims([{ text, cites }], RECORDS);
  expect(sentences.length + removed.length).toBe(1);
  return removed[0]?.fault;
}

describe('a claim', () => {
  it.each([
    ['the figures of its record', 'It failed in 4 of 5 runs, 80 % (37.6–96.4 %).', [FAILED]],
    ['rounded figures', 'It failed in 80% of 5 runs (95 % interval 38–96 %).', [FAILED]],
    ['the number of cited records', '2 records speak of it.', [FAILED, REPLAYED]],
    ['a state of its record', 'It is still open and of severity S3.', [FAILED]],
    ['a verdict of its record', 'The replay says that it improved.', [REPLAYED]],
    ['a count of fixed cases', 'It shows 21 fixed.', [REPLAYED]],
    ['what is said of not being live', 'The change is not live.', [referenceOf(INTERVENTION)]],
    ['a quote, word for word', 'A run said “Your refund of 40 euros is on its way.”', [FAILED]],
    ['a quote that is cut', 'A run said “your  refund of 40…”.', [FAILED]],
    ['a citation in brackets', 'It invents results.', [`[${FAILED}]`]],
    ['an id that is cut', 'It invents results.', ['failure:11111111']],
    ['its citation in the text', `It invents results [${FAILED}].`, []],
    ['one true citation beside a false one', 'It invents results.', ['failure:99999999', FAILED]],
  ])('passes with %s', (_what, text, cites) => {
    expect(faultOf(text, ...cites)).toBeUndefined();
  });

  it.each<[string, ClaimFault, string, readonly string[]]>([
    ['without a citation', 'no_citation', 'Everything is fine.', []],
    [
      'that cites what was not found',
      'no_citation',
      'It is so.',
      ['failure:99999999-0000-4000-8000-000000000000'],
    ],
    ['that cites what is no reference', 'no_citation', 'It is so.', ['failure', 'the report', '']],
    ['whose citation stands in a quote only', 'no_citation', `It says “see ${FAILED}”.`, []],
    ['of several sentences', 'several_sentences', 'It invents results. Nobody was told.', [FAILED]],
    ['with a figure of its own', 'figure_not_in_records', 'It failed in 5 of 5 runs of 12.', [FAILED]],
    ['with a figure of another record', 'figure_not_in_records', 'It cost 1.25 dollars.', [FAILED]],
    ['with a figure that is only quoted there', 'figure_not_in_records', 'It promised 40 euros.', [FAILED]],
    ['with a state it is not in', 'state_not_in_records', 'It is resolved by now.', [FAILED]],
    ['that calls fixed what is open', 'state_not_in_records', 'The failure was fixed.', [FAILED]],
    ['that calls live what is not', 'state_not_in_records', 'It is live.', [referenceOf(INTERVENTION)]],
    ['with another severity', 'state_not_in_records', 'It is of severity S0.', [FAILED]],
    ['with another type', 'name_not_in_records', 'It is a tool_loop.', [FAILED]],
    ['with a quote that nobody said', 'quote_not_in_records', 'It said "all is well".', [FAILED]],
    ['with an empty quote', 'quote_not_in_records', 'It said “”.', [FAILED]],
  ])('%s is removed', (_what, fault, text, cites) => {
    expect(faultOf(text, ...cites)).toBe(fault);
  });

  it('is said without the citations in its text, which then follow it whole', () => {
    const { sentences } = checkClaims(
      [{ text: 'It invents [failure:11111111] results [cycle:44444444].', cites: [] }],
      RECORDS,
    );
    expect(sentences).toEqual([
      { text: 'It invents results.', cites: [FAILED, 'cycle:44444444-0000-4000-8000-000000000000'] },
    ]);
  });

  it('cites nothing but what was retrieved, whatever it says', () => {
    const known = new Set(RECORDS.map(referenceOf));
    const word = constantFrom(
      FAILED,
      REPLAYED,
      '[failure:9',
      '“',
      '”',
      '"',
      'S4',
      '17',
      ' ',
      '.',
      'resolved',
      ']',
    );
    assert(
      property(
        array(word),
        array(constantFrom(...known, 'failure:99999999', 'x')),
        string(),
        (words, cites, noise) => {
          const { sentences, removed } = checkClaims([{ text: words.join('') + noise, cites }], RECORDS);
          expect(sentences.length + removed.length).toBe(1);
          for (const { text, cites: kept } of sentences) {
            expect(kept.length).toBeGreaterThan(0);
            expect(kept.every((cite) => known.has(cite))).toBe(true);
            expect(text).not.toContain(FAILED);
          }
        },
      ),
    );
  });

  it('that repeats the facts of a record passes', () => {
    for (const record of RECORDS) expect(faultOf(`${factsOf(record)}.`, referenceOf(record))).toBeUndefined();
  });
});

it('a text that is quoted can neither end its quote nor cite', () => {
  assert(
    property(string({ unit: constantFrom('“', '”', '"', '[', ']', '\n', 'a', ' ', ':') }), (text) => {
      expect(quotable(text)).not.toMatch(/[“”"[\]\n]/);
    }),
  );
});
