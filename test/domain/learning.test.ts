import * as fc from 'fast-check';
import type { Novelty } from '../../src/domain/failure';
import { graphOfCycle } from '../../src/domain/learning';
import type { CycleLessons, MemoryGraph } from '../../src/domain/learning';
import { judgeReplay } from '../../src/domain/replay';
import { rateOf } from '../../src/domain/statistics';

const MIDDLE = 'demo/position_bias/fact-in-the-middle';
const learnedAt = new Date('2026-01-02T03:04:05Z');

const hypothesis = (id: string) => ({
  id,
  targetSurface: 'retrieval',
  expectedFailure: `expects of ${id}`,
  failureType: 'position_bias' as const,
  confidence: 0.5,
  priority: 1,
  rationale: 'because',
});

const experiment = (id: string, hypothesisId: string, state: 'designed' | 'done' | 'skipped' = 'done') => ({
  id,
  hypothesisId,
  design: { title: `title of ${id}`, failureType: 'position_bias' as const },
  state,
});

const run = (id: string, experimentId: string) => ({ id, experimentId, ordinal: 0, caseIndex: 0 });

const finding = (
  id: string,
  failedRunIds: readonly string[],
  novelty: Novelty,
  triggerSignature = MIDDLE,
) => ({
  id,
  experimentId: 'e1',
  failureClass: 'long_context' as const,
  failureType: 'position_bias' as const,
  severity: 'S2' as const,
  severityReason: 'by default',
  triggerSignature,
  trigger: 'fact in the middle',
  description: 'does not find it',
  reproducibility: rateOf(failedRunIds.length, 5),
  novelty,
  previousFailureId: novelty === 'new' ? null : 'earlier',
  rootCause: 'unknown',
  evidence: [],
  failedRunIds,
});

const intervention = (id: string, failureId: string) => ({
  id,
  failureId,
  name: `name of ${id}`,
  description: 'fences documents',
  patch: { type: 'prompt_patch' as const, append: 'Read everything.' },
  isReversible: true,
  rollbackPlan: 'take it out',
  estimatedEffectiveness: 0.5,
  riskTier: 'review' as const,
});

const simulation = (id: string, interventionId: string, done: boolean) => ({
  id,
  interventionId,
  result: done ? judgeReplay([], []) : null,
});

const lessons = (changes: Partial<CycleLessons> = {}): CycleLessons => ({
  cycle: { id: 'cycle' },
  target: { name: 'demo', model: 'demo-1' },
  hypotheses: [hypothesis('h1'), hypothesis('h2')],
  experiments: [experiment('e1', 'h1'), experiment('e2', 'h2', 'skipped')],
  runs: [run('r1', 'e1'), run('r2', 'e1')],
  failures: [finding('f1', ['r1'], 'new')],
  interventions: [intervention('i1', 'f1'), intervention('i2', 'f1')],
  simulations: [simulation('s1', 'i1', true), simulation('s2', 'i2', false)],
  learnedAt,
  idOf: (kindOrEdge, key) => `${kindOrEdge}(${key})`,
  ...changes,
});

/** The edges as `from -kind-> to`, by the keys of their ends. */
function sketch({ nodes, edges }: MemoryGraph): string[] {
  const keys = new Map(nodes.map(({ id, key }) => [id, key]));
  return edges.map(({ fromId, kind, toId }) => `${keys.get(fromId)} -${kind}-> ${keys.get(toId)}`).toSorted();
}

describe('graphOfCycle', () => {
  it('tells the story of a cycle, with failed runs only and finished replays only', () => {
    const graph = graphOfCycle(lessons());
    expect(graph.nodes.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'model_version demo@demo-1',
      'hypothesis h1',
      'hypothesis h2',
      'experiment e1',
      `failure_mode ${MIDDLE}`,
      'run r1',
      'intervention i1',
      'intervention i2',
      'simulation s1',
    ]);
    expect(sketch(graph)).toEqual([
      `${MIDDLE} -addressed_by-> i1`,
      `${MIDDLE} -addressed_by-> i2`,
      `${MIDDLE} -caused_by-> demo@demo-1`,
      `${MIDDLE} -observed_in-> r1`,
      'e1 -executed_as-> r1',
      'h1 -tested_in-> e1',
      'i1 -simulated_by-> s1',
    ]);
  });

  it('holds from the moment of learning until further notice', () => {
    const { nodes, edges } = graphOfCycle(lessons());
    for (const { validFrom, validTo } of [...nodes, ...edges]) {
      expect({ validFrom, validTo }).toEqual({ validFrom: learnedAt, validTo: null });
    }
  });

  it('gives a failure that was seen before the same node', () => {
    const modes = (novelty: Novelty) =>
      graphOfCycle(lessons({ failures: [finding('f2', ['r2'], novelty)] })).nodes.filter(
        ({ kind }) => kind === 'failure_mode',
      );
    expect(modes('seen')).toEqual(modes('new'));
  });

  it('gives every return of a failure a node of its own beside that of its signature', () => {
    const failures = [finding('f3', ['r1', 'r2'], 'regressed')];
    const graph = graphOfCycle(
      lessons({ failures, interventions: [], simulations: [], hypotheses: [hypothesis('h1')] }),
    );
    expect(sketch(graph)).toEqual([
      `${MIDDLE} -caused_by-> demo@demo-1`,
      `${MIDDLE} -observed_in-> r1`,
      `${MIDDLE} -observed_in-> r2`,
      `${MIDDLE} -regressed_as-> ${MIDDLE}#f3`,
      `${MIDDLE}#f3 -observed_in-> r1`,
      `${MIDDLE}#f3 -observed_in-> r2`,
      'e1 -executed_as-> r1',
      'e1 -executed_as-> r2',
      'h1 -tested_in-> e1',
    ]);
    expect(graph.nodes.find(({ key }) => key === `${MIDDLE}#f3`)?.data).toMatchObject({
      failureId: 'f3',
      previousFailureId: 'earlier',
      severity: 'S2',
    });
  });

  it('keeps an experiment that was stopped after some of its runs', () => {
    const stopped = lessons({ experiments: [experiment('e1', 'h1', 'skipped')] });
    expect(sketch(graphOfCycle(stopped))).toContain('e1 -executed_as-> r1');
  });

  it('names no model where nothing failed', () => {
    const { nodes, edges } = graphOfCycle(lessons({ failures: [], interventions: [], simulations: [] }));
    expect(nodes.map(({ kind }) => kind)).toEqual(['hypothesis', 'hypothesis', 'experiment']);
    expect(edges.map(({ kind }) => kind)).toEqual(['tested_in']);
  });

  it('shortens labels', () => {
    const long = { ...hypothesis('h1'), expectedFailure: 'é'.repeat(1_000) };
    const { nodes } = graphOfCycle(lessons({ hypotheses: [long, hypothesis('h2')] }));
    expect(nodes.find(({ key }) => key === 'h1')?.label).toBe('é'.repeat(100));
  });

  it('has each id once, and every edge between two of its nodes', () => {
    const shapes = fc.array(
      fc.record({
        novelty: fc.constantFrom<Novelty>('new', 'seen', 'regressed'),
        runs: fc.nat({ max: 4 }),
        fixes: fc.nat({ max: 3 }),
        state: fc.constantFrom('done' as const, 'skipped' as const),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(shapes, (list) => {
        const numbered = list.map((shape, n) => ({ ...shape, n }));
        const runs = numbered.flatMap(({ n, runs: count }) =>
          Array.from({ length: count }, (_, i) => run(`r${n}.${i}`, `e${n}`)),
        );
        const fixes = numbered.flatMap(({ n, fixes: count }) =>
          Array.from({ length: count }, (_, i) => intervention(`i${n}.${i}`, `f${n}`)),
        );
        const { nodes, edges } = graphOfCycle(
          lessons({
            hypotheses: numbered.map(({ n }) => hypothesis(`h${n}`)),
            experiments: numbered.map(({ n, state }) => experiment(`e${n}`, `h${n}`, state)),
            runs,
            failures: numbered.map(({ n, novelty }) => {
              const failedRunIds = runs
                .filter(({ experimentId }) => experimentId === `e${n}`)
                .map(({ id }) => id);
              return finding(`f${n}`, failedRunIds, novelty, `demo/position_bias/${n}`);
            }),
            interventions: fixes,
            simulations: fixes.map(({ id }) => simulation(`s${id}`, id, true)),
          }),
        );
        const ids = nodes.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length);
        const dangling = edges.filter(({ fromId, toId }) => !ids.includes(fromId) || !ids.includes(toId));
        expect(dangling).toEqual([]);
      }),
    );
  });
});
