import * as fc from 'fast-check';
import type { RunOutcome, TestCase } from '../../src/domain/experiment';
import { controlCases, controlPairs, planPairs } from '../../src/domain/replay';

const testCase = (trigger: string): TestCase => ({ trigger, turns: ['?'], failsWhen: { kind: 'refusal' } });
const run = (experimentId: string, caseIndex: number, outcome: RunOutcome) => ({
  experimentId,
  caseIndex,
  outcome,
});

describe('planPairs', () => {
  it('takes the failed runs in turn, then the controls in turn', () => {
    const plan = planPairs({ failingRuns: ['x', 'y'], controls: ['c'], replayPairs: 5 });
    expect(plan).toEqual([
      { control: false, pair: 0, seed: 1_000_000, source: 'x' },
      { control: false, pair: 1, seed: 1_000_001, source: 'y' },
      { control: false, pair: 2, seed: 1_000_002, source: 'x' },
      { control: false, pair: 3, seed: 1_000_003, source: 'y' },
      { control: false, pair: 4, seed: 1_000_004, source: 'x' },
      ...[0, 1, 2, 3, 4].map((pair) => ({ control: true, pair, seed: 1_000_000 + pair, source: 'c' })),
    ]);
  });

  it.each([
    [5, 5],
    [10, 5],
    [11, 6],
    [30, 15],
    [500, 250],
  ])('with %i failing pairs plans %i controls', (replayPairs, expected) => {
    expect(controlPairs(replayPairs)).toBe(expected);
  });

  it('plans exactly what was asked for, evenly, with seeds that no run of an experiment had', () => {
    const indices = (max: number) =>
      fc.nat({ max }).map((length) => Array.from({ length }, (_, index) => index));
    fc.assert(
      fc.property(
        indices(120),
        indices(20),
        fc.integer({ min: 5, max: 500 }),
        (failingRuns, controls, replayPairs) => {
          const plan = planPairs({ failingRuns, controls, replayPairs });
          const lane = (control: boolean) => plan.filter((pair) => pair.control === control);
          expect(lane(false)).toHaveLength(failingRuns.length === 0 ? 0 : replayPairs);
          expect(lane(true)).toHaveLength(controls.length === 0 ? 0 : controlPairs(replayPairs));
          for (const pairs of [lane(false), lane(true)]) {
            expect(new Set(pairs.map(({ seed }) => seed)).size).toBe(pairs.length);
            expect(pairs.map(({ pair }) => pair)).toEqual(pairs.map((_, index) => index));
            const sources = [...new Set(pairs.map(({ source }) => source))];
            const counts = sources.map((source) => pairs.filter((pair) => pair.source === source).length);
            expect(Math.max(0, ...counts) - Math.min(Infinity, ...counts)).toBeLessThanOrEqual(1);
          }
          expect(plan.every(({ seed }) => seed >= 1_000_000 && seed < 2 ** 31)).toBe(true);
        },
      ),
    );
  });
});

describe('controlCases', () => {
  const experiments = [
    {
      id: 'a',
      design: {
        cases: [testCase('fails'), testCase('passes'), testCase('flaky')],
        controls: [testCase('plain')],
      },
    },
    { id: 'b', design: { cases: [testCase('errors'), testCase('never run')], controls: [] } },
  ];

  it('are the controls and the cases that were assessed and never failed', () => {
    const controls = controlCases(experiments, [
      run('a', 0, 'failed'),
      run('a', 1, 'held'),
      run('a', 1, 'unassessed'),
      run('a', 2, 'held'),
      run('a', 2, 'failed'),
      run('b', 0, 'unassessed'),
      run('elsewhere', 1, 'held'),
    ]);
    expect(controls).toEqual([
      { experimentId: 'a', caseIndex: 3, testCase: testCase('plain') },
      { experimentId: 'a', caseIndex: 1, testCase: testCase('passes') },
    ]);
  });
});
