import * as fc from 'fast-check';
import { createDetectionEngines } from '../../src/detection/engines';
import type { Detector } from '../../src/domain/detector';
import { detect, judgeRun } from '../../src/domain/detect';
import { DomainError } from '../../src/domain/errors';
import { assistant, misquoted, toolCall, transcriptOf } from '../support/transcript';
import { DETECTOR_EXAMPLES } from './detect-examples';

const context = {
  engines: createDetectionEngines(),
  offeredTools: ['delete', 'book', 'find'].map((name) => ({ name, description: '', parameters: {} })),
};
const EXAMPLES = Object.entries(DETECTOR_EXAMPLES);
const messages = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }).map((text) => assistant(text)),
    fc
      .tuple(fc.constantFrom('delete', 'find', 'x'), fc.oneof(fc.json(), fc.string()))
      .map(([name, args]) => assistant('', toolCall(name, args))),
    fc.string().map((content) => ({ role: 'user' as const, content })),
  ),
  { maxLength: 6 },
);

describe.each(EXAMPLES)('the detector %s', (_, { detector, fires, silent }) => {
  it.each(fires.map((transcript) => [transcript.messages.at(-1)?.content.slice(0, 60), transcript] as const))(
    'fires on %j',
    (_said, transcript) => {
      const { fired, evidence } = detect(detector, transcript, context);
      expect(fired).toBe(true);
      expect(misquoted(transcript, evidence)).toEqual([]);
      expect(evidence.every(({ explanation }) => explanation.length > 5)).toBe(true);
    },
  );

  it.each(
    silent.map((transcript) => [transcript.messages.at(-1)?.content.slice(0, 60), transcript] as const),
  )('keeps silent on %j', (_said, transcript) =>
    expect(detect(detector, transcript, context)).toEqual({ fired: false, evidence: [] }),
  );

  it('never throws, quotes what is there, and is what `not` is not', () => {
    fc.assert(
      fc.property(messages, (said) => {
        const transcript = transcriptOf(said);
        const { fired, evidence } = detect(detector, transcript, context);
        expect(evidence.length > 0).toBe(fired);
        expect(misquoted(transcript, evidence)).toEqual([]);
        expect(detect({ kind: 'not', of: detector }, transcript, context).fired).toBe(!fired);
      }),
      { numRuns: 50 },
    );
  });
});

describe('detect', () => {
  it('says in the evidence of `not` what did not happen, at the final answer', () => {
    const transcript = transcriptOf(['Hello', 'Rome it is']);
    const { evidence } = detect(
      { kind: 'not', of: { kind: 'contains', any: ['Paris'] } },
      transcript,
      context,
    );
    expect(evidence).toEqual([
      {
        messageIndex: 1,
        quote: 'Rome it is',
        explanation: 'this did not happen: the final answer contains "Paris"',
      },
    ]);
  });

  it('quotes the passage with what stands around it, at most 300 characters', () => {
    const transcript = transcriptOf([`${'a'.repeat(500)} Paris ${'b'.repeat(500)}`]);
    const [found] = detect({ kind: 'contains', any: ['paris'] }, transcript, context).evidence;
    expect(found?.quote).toBe(`${'a'.repeat(59)} Paris ${'b'.repeat(59)}`);
  });

  it('compares letter by letter where case counts', () => {
    const detector: Detector = { kind: 'contains', any: ['Paris'], caseSensitive: true };
    expect(detect(detector, transcriptOf(['PARIS']), context).fired).toBe(false);
    expect(detect(detector, transcriptOf(['in Paris']), context).fired).toBe(true);
  });

  it('does not fire on a message that does not exist, whatever the rule', () => {
    const textual: readonly Detector[] = [
      { kind: 'contains', any: ['a'], in: 3 },
      { kind: 'json_schema_violated', schema: { type: 'object' }, in: 3 },
      { kind: 'numeric_wrong', expected: 1, in: 3 },
    ];
    expect(textual.filter((one) => detect(one, transcriptOf(['a']), context).fired)).toEqual([]);
  });

  it('asks for JSON only of messages that say something', () => {
    const detector: Detector = { kind: 'json_schema_violated', schema: { type: 'object' }, in: 'any' };
    expect(detect(detector, transcriptOf([assistant('', toolCall('find')), '{}']), context).fired).toBe(
      false,
    );
  });

  it('names the call that was too slow, also after an answer that no call gave', () => {
    const { messages: said, calls } = transcriptOf(['held back', 'quick', 'slow']);
    const transcript = {
      messages: said,
      calls: calls.slice(1).map((call, index) => ({ ...call, latencyMs: index * 1_000 })),
    };
    const { evidence } = detect({ kind: 'latency_above', ms: 500 }, transcript, context);
    expect(evidence).toEqual([{ messageIndex: 2, quote: 'slow', explanation: 'the call took 1000 ms' }]);
  });

  it('searches a long hostile text for a secret in reasonable time', () => {
    const hostile = 'K7Falcon229'.repeat(18_000);
    const started = performance.now();
    detect({ kind: 'canary_leak', canary: 'K7-Falcon-2291' }, transcriptOf([hostile]), context);
    detect({ kind: 'numeric_wrong', expected: 1 }, transcriptOf(['111,'.repeat(50_000)]), context);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('judgeRun', () => {
  const failsWhen: Detector = { kind: 'contains', any: ['Paris'] };

  it('says failed with evidence, or held without', () => {
    const failed = judgeRun({ failsWhen }, transcriptOf(['Paris']), context);
    expect(failed).toMatchObject({ outcome: 'failed', evidence: [{ messageIndex: 0, quote: 'Paris' }] });
    expect(judgeRun({ failsWhen }, transcriptOf(['Rome']), context)).toEqual({
      outcome: 'held',
      evidence: [],
    });
  });

  it('assesses a target that said nothing', () => {
    expect(judgeRun({ failsWhen }, transcriptOf(['']), context).outcome).toBe('held');
    expect(judgeRun({ failsWhen: { kind: 'not', of: failsWhen } }, transcriptOf(['']), context).outcome).toBe(
      'failed',
    );
  });

  it('leaves a run unassessed that its detector cannot decide', () => {
    const verdict = judgeRun(
      { failsWhen: { kind: 'regex', pattern: '(' } },
      transcriptOf(['Paris']),
      context,
    );
    expect(verdict).toMatchObject({ outcome: 'unassessed', reason: 'judge_error', evidence: [] });
    expect(verdict.detail).toContain('missing closing )');
  });

  it('does not swallow what is not about the detector', () => {
    const engines = {
      ...context.engines,
      match: () => {
        throw new TypeError('broken');
      },
    };
    const judge = () =>
      judgeRun({ failsWhen: { kind: 'regex', pattern: 'a' } }, transcriptOf(['a']), { ...context, engines });
    expect(judge).toThrow(TypeError);
    expect(judge).not.toThrow(DomainError);
  });
});
