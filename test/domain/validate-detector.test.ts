import { createDetectionEngines } from '../../src/detection/engines';
import { validateDetector } from '../../src/domain/detect';
import type { Detector } from '../../src/domain/detector';
import { DETECTOR_EXAMPLES } from './detect-examples';

const engines = createDetectionEngines();
const leaf: Detector = { kind: 'contains', any: ['a'] };

function nested(depth: number): Detector {
  return depth === 1 ? leaf : { kind: 'not', of: nested(depth - 1) };
}

describe('validateDetector', () => {
  it.each(Object.entries(DETECTOR_EXAMPLES))('takes a sound %s', (_, { detector }) => {
    expect(validateDetector(detector, engines)).toBeUndefined();
  });

  it.each<[string, Detector]>([
    ['missing closing )', { kind: 'regex', pattern: '(a' }],
    ['invalid escape sequence', { kind: 'regex', pattern: '(a)\\1' }],
    ['the flag y is unknown', { kind: 'regex', pattern: 'a', flags: 'iy' }],
    ['more than 2000 characters', { kind: 'regex', pattern: 'a'.repeat(2_001) }],
    ['names no text', { kind: 'contains', any: [] }],
    ['an empty text is in everything', { kind: 'contains', any: ['a', ' '] }],
    ['no assistant message number -1', { kind: 'exact', text: 'a', in: -1 }],
    ['no assistant message number 0.5', { kind: 'refusal', in: 0.5 }],
    ['JSON Schema cannot be used', { kind: 'json_schema_violated', schema: { type: 'banana' } }],
    [
      'JSON Schema cannot be used',
      { kind: 'tool_arguments_violate', tool: 't', schema: { $ref: 'http://x.test/s' } },
    ],
    ['is not a number', { kind: 'numeric_wrong', expected: Number.NaN }],
    ['the tolerance is negative', { kind: 'numeric_wrong', expected: 1, tolerance: -1 }],
    ['found by chance', { kind: 'canary_leak', canary: 'a-b-c-1' }],
    ['at least 1', { kind: 'tool_called', tool: 't', atLeast: 0 }],
    ['at least 2', { kind: 'tool_loop', times: 1 }],
    ['at least 2', { kind: 'tool_calls_grow', atLeast: 1 }],
    ['a number from 1 up', { kind: 'latency_ratio_above', ratio: 0.5 }],
    ['from 0 up and below 1', { kind: 'rate_limited_above', share: 1 }],
    ['cannot come before itself', { kind: 'tool_order_violated', earlier: 't', later: 't' }],
    ['must be a number from 0 up', { kind: 'latency_above', ms: -1 }],
    ['must be a number from 0 up', { kind: 'output_tokens_above', tokens: Infinity }],
    ['any: it names no detector', { kind: 'any', of: [] }],
    ['all: it names no detector', { kind: 'not', of: { kind: 'all', of: [] } }],
    ['2 of 1 can never', { kind: 'at_least', count: 2, of: [leaf] }],
    ['missing closing )', { kind: 'all', of: [leaf, { kind: 'not', of: { kind: 'regex', pattern: '(' } }] }],
    ['more than 8 deep', nested(9)],
    ['more than 8 deep', nested(10_000)],
    ['more than 100 detectors', { kind: 'any', of: Array.from({ length: 100 }, () => leaf) }],
  ])('says "%s"', (problem, detector) => {
    expect(validateDetector(detector, engines)).toContain(problem);
  });

  it('takes detectors up to its limits', () => {
    expect(validateDetector(nested(8), engines)).toBeUndefined();
    const broad: Detector = { kind: 'any', of: Array.from({ length: 99 }, () => leaf) };
    expect(validateDetector(broad, engines)).toBeUndefined();
  });
});
