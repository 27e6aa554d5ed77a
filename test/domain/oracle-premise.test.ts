import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { createDetectionEngines } from '../../src/detection/engines';
import { judgeRun } from '../../src/domain/detect';
import type { Detector } from '../../src/domain/detector';
import { premiseOf } from '../../src/domain/oracle-premise';

const engines = createDetectionEngines();

const leaf = constantFrom<Detector[]>(
  { kind: 'contains', any: ['Paris'] },
  { kind: 'regex', pattern: 'a+b' },
  { kind: 'json_schema_violated', schema: { type: 'object' } },
  { kind: 'numeric_wrong', expected: 12 },
  { kind: 'tool_called', tool: 'delete_drafts' },
  { kind: 'unknown_tool' },
  { kind: 'output_tokens_above', tokens: 5 },
  { kind: 'refusal' },
);

function nested(inner: Arbitrary<Detector>): Arbitrary<Detector> {
  const of = array(inner, { minLength: 1, maxLength: 3 });
  return oneof(
    inner,
    inner.map((one): Detector => ({ kind: 'not', of: one })),
    record({ kind: constantFrom('all' as const, 'any' as const), of }),
    record({ count: integer({ min: 1, max: 3 }), of }).map((one): Detector => ({ kind: 'at_least', ...one })),
  );
}

const detector = nested(nested(nested(leaf)));

describe('the premise of an oracle', () => {
  it('is silence exactly where it fires on a target that says and does nothing', () => {
    const transcript = { messages: [{ role: 'assistant' as const, content: '' }], calls: [] };
    assert(
      property(detector, (failsWhen) => {
        const { outcome } = judgeRun({ failsWhen }, transcript, { engines, offeredTools: [] });
        expect(premiseOf(failsWhen).onSilence).toBe(outcome === 'failed');
      }),
    );
  });

  it('names words, values and tools wherever they are nested', () => {
    const premise = premiseOf({
      kind: 'all',
      of: [
        { kind: 'regex', pattern: '(?:^|[^0-9A-Za-z.])QUARTZ-4417(?:$|[^0-9])', in: 1 },
        { kind: 'not', of: { kind: 'tool_called', tool: 'get_tide', arguments: { station: 'ST-4' } } },
      ],
    });
    expect([...premise.tools]).toEqual(['get_tide']);
    expect(premise.countsTurns).toBe(true);
    for (const text of ['The code is quartz-4417.', 'Ask st-4 first'])
      expect(premise.namesSomethingIn(text)).toBe(true);
    for (const text of ['The code is QUARTZ-44170.', 'Kiosk'])
      expect(premise.namesSomethingIn(text)).toBe(false);
  });

  it('takes every text with digits to hold a number that it names', () => {
    const premise = premiseOf({ kind: 'numeric_wrong', expected: 12 });
    expect(premise.namesSomethingIn('There are 3 boats.')).toBe(true);
    expect(premise.namesSomethingIn('There are boats.')).toBe(false);
  });
});
