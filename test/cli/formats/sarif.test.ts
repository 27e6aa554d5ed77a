import { readFileSync } from 'node:fs';
import Ajv from 'ajv-draft-04';
import * as fc from 'fast-check';
import type { Log } from 'sarif';
import { z } from 'zod';
import { sarifOf } from '../../../src/cli/formats/sarif';
import type { ReportedCycle } from '../../../src/cli/formats/reported-cycle';
import { HOSTILE, regressionCycle, researchCycle } from './cycles';

const SCHEMA = require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
const schema = z.looseObject({}).parse(JSON.parse(readFileSync(SCHEMA, 'utf8')));
const uri = (text: string): boolean => URL.canParse(text);
const formats = { uri, 'uri-reference': true, 'date-time': true } as const;
// A pattern of the schema has a bracket too many, which only the older syntax takes.
const isSarif = new Ajv({ strict: false, unicodeRegExp: false, formats }).compile<Log>(schema);

/** The one run of the log, which is valid. */
function runOf(cycle: ReportedCycle) {
  const log: unknown = JSON.parse(sarifOf(cycle, '1.2.3'));
  const valid = isSarif(log);
  expect(isSarif.errors ?? []).toEqual([]);
  const [run] = valid ? log.runs : [];
  if (run === undefined) throw new Error('no run');
  return run;
}

/** What a reader shows of a message without arguments (SARIF 2.1.0, 3.11.5 and 3.11.6). */
function shown(text: string): string {
  expect(text.replace(/\\[\\[\]]/g, '')).not.toMatch(/[[\]\\]/);
  expect(text.replace(/\{\{|\}\}/g, '')).not.toMatch(/[{}]/);
  return text.replace(/\\([\\[\]])/g, '$1').replace(/([{}])\1/g, '$1');
}

it('has a result for each failure, and a rule for each type', () => {
  const run = runOf(researchCycle(['a', 'b', 'c']));
  expect(run.tool.driver).toMatchObject({ name: 'Tinman', version: '1.2.3' });
  expect(run.tool.driver.rules?.map(({ id, helpUri }) => [id, helpUri])).toEqual([
    ['goal_drift', undefined],
    ['logic_error', 'https://genai.owasp.org/llm-top-10/'],
  ]);
  expect(run.results?.map(({ ruleId, ruleIndex }) => [ruleId, ruleIndex])).toEqual([
    ['logic_error', 1],
    ['goal_drift', 0],
    ['logic_error', 1],
  ]);
  expect(run.results?.[0]).toMatchObject({
    level: 'error',
    kind: 'fail',
    message: { text: 'a (3 of 4 failed)\nEvidence: a' },
    partialFingerprints: { 'triggerSignature/v1': 'shop/logic_error/a' },
    properties: { failureId: 'failure 0', severity: 'S3', novelty: 'seen', rate: 0.75, count: 3, n: 4 },
  });
  expect(run.invocations).toMatchObject([{ executionSuccessful: true, toolExecutionNotifications: [] }]);
});

it('has the known failures that show as results, and those of which nobody knows as notifications', () => {
  const run = runOf(regressionCycle(['a', 'b', 'c', 'd', 'e']));
  expect(run.results).toMatchObject([
    { properties: { verdict: 'still_failing' } },
    { properties: { verdict: 'regressed' } },
  ]);
  const told = run.invocations?.[0]?.toolExecutionNotifications?.map(({ message }) => message.text);
  expect(told).toEqual([
    expect.stringMatching(/^inconclusive, d: 2 runs held/),
    expect.stringMatching(/^unassessed, e: no run was assessed/),
  ]);
});

it('says of a cycle that broke off that it did', () => {
  const run = runOf(researchCycle([], { state: 'cancelled' }));
  expect(run).toMatchObject({
    results: [],
    invocations: [
      {
        executionSuccessful: false,
        toolExecutionNotifications: [{ level: 'error', message: { text: 'the cycle was cancelled' } }],
      },
    ],
  });
});

it.each(HOSTILE)('holds %j as text', (text) => {
  for (const cycle of [researchCycle([text]), regressionCycle([text, text, text, text, text])]) {
    const { results = [] } = runOf(cycle);
    expect(results).toHaveLength(cycle.result.failures.length);
    for (const { message } of results) expect(shown(message.text ?? '')).toContain('of 4 failed');
  }
});

it('is valid whatever is said, and says it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const [result] = runOf(researchCycle([text])).results ?? [];
      expect(shown(result?.message.text ?? '')).toBe(`${text} (3 of 4 failed)\nEvidence: ${text}`);
    }),
  );
});
