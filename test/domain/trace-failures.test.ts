import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { wilsonInterval } from '../../src/domain/statistics';
import { clusterTraceFailures } from '../../src/domain/trace-failures';
import type { TraceAssessment, TraceSignal } from '../../src/domain/trace-signal';

const signal = (given: Partial<TraceSignal> = {}): TraceSignal => ({
  kind: 'tool_loop',
  failureType: 'tool_loop',
  severity: 'S2',
  traceId: 't1',
  spanId: 's1',
  trigger: 'repeated calls of search',
  scope: 'search',
  explanation: 'search was called 3 times',
  evidence: [{ spanId: 's1', where: 'name', quote: 'search', explanation: 'the call' }],
  ...given,
});

const assessment = (
  traceId: string,
  signals: readonly TraceSignal[],
  exposures: TraceAssessment['exposures'] = [],
): TraceAssessment => ({ traceId, signals: signals.map((one) => ({ ...one, traceId })), exposures });

const SEARCHED = [{ kind: 'tool_loop', scope: 'search' }] as const;

describe('clusterTraceFailures', () => {
  it('puts the same type and trigger together, whatever its spelling, with the traces that could have shown it', () => {
    const [failure, ...others] = clusterTraceFailures('shop', [
      assessment('t1', [signal(), signal({ spanId: 's9' })], SEARCHED),
      assessment('t2', [signal({ trigger: 'Repeated calls of "search"' })], SEARCHED),
      assessment('t3', [], SEARCHED),
      assessment('t4', [], [{ kind: 'tool_loop', scope: 'another tool' }]),
    ]);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({
      failureType: 'tool_loop',
      failureClass: 'tool_use',
      severity: 'S2',
      triggerSignature: 'shop/tool_loop/repeated-calls-of-search',
      traceIds: ['t1', 't2'],
      share: { count: 2, n: 3, ...wilsonInterval(2, 3) },
    });
    expect(failure?.evidence.map(({ traceId }) => traceId)).toEqual(['t1', 't1', 't2']);
  });

  it('takes the gravest severity and says why', () => {
    const failures = clusterTraceFailures('shop', [
      assessment('t1', [
        signal({ failureType: 'destructive_call', severity: 'S3', trigger: 'x', kind: 'destructive_call' }),
      ]),
      assessment('t2', [signal()]),
    ]);
    expect(failures.map(({ severity }) => severity)).toEqual(['S3', 'S2']);
    expect(failures[0]?.severityReason).toContain(
      'destructive_call is S4 by default, and S3 on this evidence',
    );
  });

  it('never has more failing traces than traces, nor loses a signal', () => {
    const one = record({
      trace: integer({ min: 1, max: 6 }),
      trigger: constantFrom('a', 'b'),
      scope: constantFrom('x', 'y'),
      exposed: boolean(),
    });
    assert(
      property(array(one, { maxLength: 12 }), (sketches) => {
        const assessments = sketches.map(({ trace, trigger, scope, exposed }) =>
          assessment(
            `t${trace}`,
            [signal({ trigger, scope })],
            exposed ? [{ kind: 'tool_loop', scope }] : [],
          ),
        );
        const failures = clusterTraceFailures('shop', assessments);
        expect(failures).toHaveLength(new Set(sketches.map(({ trigger }) => trigger)).size);
        for (const { share, traceIds, trigger } of failures) {
          const showing = new Set(
            sketches.filter((sketch) => sketch.trigger === trigger).map(({ trace }) => trace),
          );
          expect(share.count).toBe(showing.size);
          expect(traceIds).toHaveLength(showing.size);
          expect(share.n).toBeGreaterThanOrEqual(share.count);
        }
      }),
    );
  });
});
