import type { HypothesisDraft } from '../../src/domain/hypothesis';
import { EMPTY_MEMORY } from '../../src/domain/memory';
import type { FailureType } from '../../src/domain/taxonomy';
import { clusterTraceFailures } from '../../src/domain/trace-failures';
import { assessTrace, NO_SETTINGS } from '../../src/ingest/signals';
import { productionFirst } from '../../src/researcher/offline-trace-hypotheses';
import { memoryText } from '../../src/researcher/prompts/target';
import { healthyTrace, SIGNAL_EXAMPLES } from '../support/signal-examples';

const ranked = (types: readonly FailureType[]): readonly HypothesisDraft[] =>
  types.map((failureType, at) => ({
    targetSurface: 'chat',
    expectedFailure: failureType,
    failureType,
    confidence: 0.5,
    priority: at + 1,
    rationale: 'ranked',
  }));

const traces = [...SIGNAL_EXAMPLES.map(({ trace }) => trace), healthyTrace()];
const traceFailures = clusterTraceFailures(
  'shop',
  traces.map((trace) => assessTrace(trace, NO_SETTINGS)),
);
const input = { memory: { ...EMPTY_MEMORY, traceFailures }, focus: null, count: 6 };

describe('productionFirst', () => {
  const proposed = productionFirst(
    ranked(['logic_error', 'tool_loop', 'goal_drift', 'position_bias', 'recency_bias', 'reward_hacking']),
    input,
  );

  it('proposes to verify what production showed, the gravest first, in half of the places', () => {
    expect(proposed.map(({ failureType }) => failureType).slice(0, 3)).toEqual(
      [...new Set(traceFailures.map(({ failureType }) => failureType))].slice(0, 3),
    );
    expect(proposed).toHaveLength(6);
    expect(proposed.map(({ priority }) => priority)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(proposed.map(({ failureType }) => failureType)).size).toBe(6);
  });

  it('cites traces, figures and a quote', () => {
    const [{ traceIds, evidence, share } = { traceIds: [], evidence: [], share: null }] = traceFailures;
    expect(proposed[0]?.rationale).toContain(traceIds.join(', '));
    expect(proposed[0]?.rationale).toContain(`"${evidence.map(({ quote }) => quote).join()}"`);
    expect(proposed[0]?.rationale).toContain(`${share?.count} of ${share?.n} traces`);
  });

  it('leaves the ranking alone where production showed nothing, or nothing of the focus', () => {
    const own = ranked(['reward_hacking']);
    expect(productionFirst(own, { ...input, memory: EMPTY_MEMORY })).toBe(own);
    expect(productionFirst(own, { ...input, focus: 'rewards' })).toBe(own);
  });

  it('tells a model as well', () => {
    expect(memoryText(input.memory)).toContain(traceFailures[0]?.trigger ?? 'none');
    expect(memoryText(EMPTY_MEMORY)).toBe('Nothing was tested on this target before.');
  });
});
