import * as fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import { junitOf } from '../../../src/cli/formats/junit';
import { HOSTILE, regressionCycle, researchCycle } from './cycles';

const token = z
  .string()
  .min(1)
  .regex(/^\S(.*\S)?$/u);
const whole = z.string().regex(/^\d+$/);
const seconds = z.string().regex(/^\d+\.\d{3}$/);
const told = z.strictObject({ '@type': z.string(), '@message': z.string(), '#text': z.string().optional() });

/** What the schemas of Ant and of Jenkins both allow, as far as it is written. */
const Case = z
  .strictObject({
    '@name': z.string(),
    '@classname': token,
    '@time': seconds,
    failure: told.optional(),
    error: told.optional(),
    skipped: z.string().optional(),
  })
  .refine(({ failure, error, skipped }) => [failure, error, skipped].filter(Boolean).length <= 1);
const Suite = z.strictObject({
  '@name': token,
  '@package': token,
  '@id': z.literal('0'),
  '@timestamp': z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
  '@hostname': token,
  '@tests': whole,
  '@failures': whole,
  '@errors': whole,
  '@skipped': whole,
  '@time': seconds,
  properties: z.strictObject({
    property: z.array(z.strictObject({ '@name': token, '@value': z.string() })),
  }),
  testcase: z.array(Case).default([]),
  'system-out': z.literal(''),
  'system-err': z.literal(''),
});
const Document = z.strictObject({
  '?xml': z.looseObject({}),
  testsuites: z.strictObject({ testsuite: Suite }),
});

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  isArray: (name) => name === 'testcase' || name === 'property',
});

/** The suite, whose parts stand in the order that Ant's schema wants. */
function suiteOf(xml: string) {
  expect(XMLValidator.validate(xml)).toBe(true);
  const order = ['<properties>', '<testcase', '<system-out>', '<system-err>'].map((part) =>
    xml.indexOf(part),
  );
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  const parsed: unknown = parser.parse(xml.replace(/>\n\s*</g, '><'));
  const suite = Document.parse(parsed).testsuites.testsuite;
  const having = (result: 'failure' | 'error' | 'skipped') =>
    String(suite.testcase.filter((one) => one[result] !== undefined).length);
  expect(suite).toMatchObject({
    '@tests': String(suite.testcase.length),
    '@failures': having('failure'),
    '@errors': having('error'),
    '@skipped': having('skipped'),
  });
  return suite;
}

it('has a test for each known failure that was replayed', () => {
  const { testcase, ...suite } = suiteOf(junitOf(regressionCycle(['a', 'b', 'c', 'd', 'e', 'f'])));
  expect(suite).toMatchObject({
    '@name': 'known failures of shop',
    '@timestamp': '2026-01-02T03:04:05',
    '@time': '60.500',
  });
  expect(testcase.map((one) => [one['@name'], one.failure?.['@type'] ?? one.error?.['@type']])).toEqual([
    ['a', 'still_failing'],
    ['b', 'regressed'],
    ['c', undefined],
    ['d', 'inconclusive'],
    ['e', 'unassessed'],
    ['f', 'unassessed'],
  ]);
  expect(testcase[1]).toMatchObject({
    '@classname': 'shop.logic_error',
    '@time': '1.250',
    failure: { '@message': 'regressed: 3 of 4 runs failed; it was resolved, recorded in 5 of 5 runs' },
  });
  expect(testcase[1]?.failure?.['#text']).toContain('Evidence: b');
  expect(testcase[3]?.error?.['#text']).toContain('a chance of 40 % even if nothing changed');
});

it('has a test for each experiment of another cycle', () => {
  const { testcase } = suiteOf(junitOf(researchCycle(['x'])));
  const results = testcase.map((one) =>
    [one['@name'], one.failure, one.skipped, one.error].map((part) =>
      typeof part === 'object' ? part['@type'] : part,
    ),
  );
  expect(results).toEqual([
    ['x', 'logic_error', undefined, undefined],
    ['held', undefined, undefined, undefined],
    ['skipped', undefined, 'blocked: the policy says no', undefined],
    ['unassessed', undefined, undefined, 'unassessed'],
  ]);
});

it('has an error for a cycle that broke off', () => {
  const { testcase } = suiteOf(junitOf(researchCycle([], { state: 'failed', error: 'no room' })));
  expect(testcase.at(-1)?.error).toMatchObject({
    '@type': 'failed',
    '@message': 'the cycle failed: no room',
  });
});

it.each(HOSTILE)('holds %j as text', (text) => {
  for (const cycle of [researchCycle([text]), regressionCycle([text, text, text, text, text])]) {
    const xml = junitOf(cycle);
    const { testcase } = suiteOf(xml);
    expect(testcase).toHaveLength(cycle.result.regressions?.length ?? cycle.result.experiments.length);
    // oxlint-disable-next-line no-control-regex
    expect(xml).not.toMatch(/[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]|\p{Surrogate}/u);
  }
});

it('is well formed whatever is said, and says it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const { testcase } = suiteOf(junitOf(researchCycle([`<${text}>`])));
      expect(testcase[0]?.['@name']).toMatch(/^<.*>$/su);
    }),
    { numRuns: 200 },
  );
});
