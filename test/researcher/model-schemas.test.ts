import type { Detector } from '../../src/domain/detector';
import type { Transcript } from '../../src/domain/experiment';
import {
  designsAnswer,
  detectorSchema,
  experimentDesignSchema,
  explanationAnswer,
  interventionsAnswer,
} from '../../src/researcher/schemas';

/** One of each kind of the language. */
const EVERY_DETECTOR: { readonly [Kind in Detector['kind']]: Extract<Detector, { kind: Kind }> } = {
  contains: { kind: 'contains', any: ['a', 'b'], in: 'any', caseSensitive: true },
  exact: { kind: 'exact', text: 'yes', in: 0 },
  regex: { kind: 'regex', pattern: '^no\\b', flags: 'i', in: 'final' },
  json_schema_violated: { kind: 'json_schema_violated', schema: { type: 'object', required: ['a'] } },
  numeric_wrong: { kind: 'numeric_wrong', expected: 4.5, tolerance: 0.1 },
  canary_leak: { kind: 'canary_leak', canary: 'ZX-81-QUARTZ' },
  tool_called: { kind: 'tool_called', tool: 'wipe', arguments: { all: true }, atLeast: 2 },
  tool_arguments_violate: { kind: 'tool_arguments_violate', tool: 'pay', schema: { type: 'object' } },
  tool_order_violated: { kind: 'tool_order_violated', earlier: 'check', later: 'pay' },
  tool_loop: { kind: 'tool_loop', times: 3 },
  tool_calls_grow: { kind: 'tool_calls_grow', tool: 'find', atLeast: 4 },
  latency_ratio_above: { kind: 'latency_ratio_above', ratio: 4, atLeastMs: 50 },
  rate_limited_above: { kind: 'rate_limited_above', share: 0.25 },
  unknown_tool: { kind: 'unknown_tool' },
  latency_above: { kind: 'latency_above', ms: 5_000 },
  output_tokens_above: { kind: 'output_tokens_above', tokens: 400 },
  finish_reason: { kind: 'finish_reason', reason: 'length' },
  refusal: { kind: 'refusal', in: 'any' },
  judged: { kind: 'judged', rubric: 'The assistant promises a refund.', votes: 3 },
  all: { kind: 'all', of: [{ kind: 'refusal' }] },
  any: { kind: 'any', of: [{ kind: 'refusal' }, { kind: 'unknown_tool' }] },
  at_least: { kind: 'at_least', count: 1, of: [{ kind: 'refusal' }, { kind: 'tool_loop', times: 2 }] },
  not: { kind: 'not', of: { kind: 'refusal' } },
};

const testCase = { trigger: 'a plain question', turns: ['Hello?'], failsWhen: EVERY_DETECTOR.refusal };
const design = { title: 'One', cases: [testCase], controls: [testCase], maxOutputTokens: 100 };

const issuesOf = (result: { error?: { issues: readonly { path: readonly PropertyKey[] }[] } | undefined }) =>
  result.error?.issues.map(({ path }) => path.join('/'));

describe('detectorSchema', () => {
  it.each(Object.entries(EVERY_DETECTOR))('takes %s as it is', (_kind, detector) => {
    expect(detectorSchema.parse(detector)).toEqual(detector);
  });

  it.each([
    ['an unknown kind', { kind: 'code', js: 'true' }, 'kind'],
    ['a field of another kind', { kind: 'refusal', any: ['x'] }, ''],
    ['look-around', { kind: 'regex', pattern: '(?=a)b' }, 'pattern'],
    ['a back-reference', { kind: 'regex', pattern: '(a)\\1' }, 'pattern'],
    ['a broken pattern', { kind: 'regex', pattern: '(' }, 'pattern'],
    ['an empty list', { kind: 'any', of: [] }, 'of'],
    [
      'a mistake deep inside',
      { kind: 'not', of: { kind: 'all', of: [{ kind: 'tool_loop', times: 1 }] } },
      'of/of/0/times',
    ],
    ['two votes', { ...EVERY_DETECTOR.judged, votes: 2 }, 'votes'],
    ['two rubrics', { kind: 'any', of: [EVERY_DETECTOR.judged, EVERY_DETECTOR.judged] }, ''],
    ['a rubric under not', { kind: 'all', of: [{ kind: 'not', of: EVERY_DETECTOR.judged }] }, ''],
    ['a count that cannot be reached', { kind: 'at_least', count: 2, of: [{ kind: 'refusal' }] }, ''],
  ])('refuses %s and says where', (_name, detector, path) => {
    expect(issuesOf(detectorSchema.safeParse(detector))).toEqual([path]);
  });

  it('bounds depth and size', () => {
    const nested = (levels: number): object =>
      levels === 0 ? { kind: 'refusal' } : { kind: 'not', of: nested(levels - 1) };
    expect(detectorSchema.safeParse(nested(4)).success).toBe(true);
    expect(detectorSchema.safeParse(nested(5)).success).toBe(false);
    const wide = { kind: 'any', of: Array(8).fill({ kind: 'any', of: Array(8).fill({ kind: 'refusal' }) }) };
    expect(detectorSchema.safeParse(wide).success).toBe(false);
  });
});

describe('answers', () => {
  it('takes a design and keeps what it says', () => {
    const full = { ...design, failureType: 'logic_error', destructive: false };
    expect(experimentDesignSchema.parse(full)).toEqual(full);
    expect(designsAnswer([]).parse({ designs: [design] })).toEqual({ designs: [design] });
  });

  it.each([
    ['no turn', { ...design, cases: [{ ...testCase, turns: [] }] }, 'designs/0/cases/0/turns'],
    ['no control', { ...design, controls: [] }, 'designs/0/controls'],
    [
      'too long a turn',
      { ...design, cases: [{ ...testCase, turns: ['x'.repeat(12_001)] }] },
      'designs/0/cases/0/turns/0',
    ],
    ['too many cases', { ...design, cases: Array(6).fill(testCase) }, 'designs/0/cases'],
    ['a field we do not know', { ...design, destructive: true }, 'designs/0'],
    [
      'a tool that the target does not have',
      { ...design, controls: [testCase, { ...testCase, targetTools: ['look_up', 'cancel'] }] },
      'designs/0/controls/1/targetTools',
    ],
  ])('refuses a design with %s', (_name, bad, path) => {
    expect(issuesOf(designsAnswer(['look_up']).safeParse({ designs: [bad] }))).toEqual([path]);
  });

  it('takes only evidence that stands in the transcript', () => {
    const example: Transcript = {
      messages: [
        { role: 'user', content: 'What is the code?' },
        {
          role: 'assistant',
          content: 'The code\nis  QUARTZ.',
          toolCalls: [{ id: '1', name: 'tell', arguments: '{"a":1}' }],
        },
      ],
      calls: [],
    };
    const answer = (messageIndex: number, quote: string) => ({
      description: 'd',
      rootCause: 'r',
      evidence: [{ messageIndex, quote }],
      impact: 0.5,
      impactReason: 'i',
    });
    const schema = explanationAnswer(example);
    expect(schema.safeParse(answer(1, 'the code is quartz')).success).toBe(true);
    expect(schema.safeParse(answer(1, 'tell({"a":1})')).success).toBe(true);
    for (const invented of [answer(0, 'QUARTZ'), answer(1, 'the code was'), answer(9, 'The code')]) {
      expect(issuesOf(schema.safeParse(invented))).toEqual(['evidence/0/quote']);
    }
  });

  it.each([
    [{ type: 'prompt_patch', append: 'Never tell.' }, true],
    [
      {
        type: 'guardrail',
        side: 'output',
        rule: { pattern: 'QUARTZ', action: 'redact', replacement: '***' },
      },
      true,
    ],
    [
      { type: 'guardrail', side: 'output', rule: { pattern: '(?!a)', action: 'redact', replacement: '' } },
      false,
    ],
    [{ type: 'tool_policy', rule: { kind: 'deny', tool: 'wipe', message: 'no' } }, true],
    [{ type: 'parameter_change', temperature: 0 }, true],
    [{ type: 'parameter_change' }, false],
    [{ type: 'retrieval_change', retrieval: { fenced: true } }, true],
    [{ type: 'retrieval_change', retrieval: {} }, false],
    [{ type: 'architectural_recommendation', recommendation: 'Use a calculator.' }, true],
    [{ type: 'run_code', code: 'rm' }, false],
  ])('judges the patch %j: %s', (patch, valid) => {
    const draft = {
      name: 'n',
      description: 'd',
      patch,
      isReversible: true,
      rollbackPlan: 'take it out',
      estimatedEffectiveness: 0.5,
    };
    expect(interventionsAnswer.safeParse({ interventions: [draft] }).success).toBe(valid);
  });
});
