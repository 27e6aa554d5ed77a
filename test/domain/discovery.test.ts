import * as fc from 'fast-check';
import { discover } from '../../src/domain/discovery';
import { RUN_OUTCOMES } from '../../src/domain/experiment';
import type { Evidence, RunOutcome } from '../../src/domain/experiment';
import type { FailureState } from '../../src/domain/failure';
import { rateOf } from '../../src/domain/statistics';
import type { FailureType } from '../../src/domain/taxonomy';

const experiment = (id: string, failureType: FailureType, ...triggers: string[]) => ({
  id,
  design: {
    failureType,
    cases: triggers.map((trigger) => ({ trigger, turns: ['?'], failsWhen: { kind: 'refusal' as const } })),
  },
});

const run = (
  experimentId: string,
  ordinal: number,
  outcome: RunOutcome,
  { caseIndex = 0, evidence = [] }: { caseIndex?: number; evidence?: readonly Evidence[] } = {},
) => ({
  id: `${experimentId}/${ordinal}`,
  experimentId,
  ordinal,
  caseIndex,
  outcome,
  evidence,
  transcript: { messages: [], calls: [] },
});

const MIDDLE = 'demo/position_bias/fact-in-the-middle';
const known = (state: FailureState, triggerSignature = MIDDLE) => ({
  failureId: `known ${triggerSignature}`,
  triggerSignature,
  failureType: 'position_bias' as const,
  trigger: 'fact in the middle',
  state,
});

const discovery = (
  runs: readonly ReturnType<typeof run>[],
  knownFailures: readonly ReturnType<typeof known>[] = [],
) =>
  discover({
    target: 'demo',
    experiments: [
      experiment('a', 'position_bias', 'Fact in the middle', 'fact at the end'),
      experiment('b', 'position_bias', 'fact, in the middle!'),
      experiment('c', 'instruction_override', 'override phrase'),
    ],
    runs,
    knownFailures,
  });

describe('discover', () => {
  it('groups failed runs of all experiments by signature and rates them over the assessed ones', () => {
    const { clusters } = discovery([
      run('b', 0, 'failed'),
      run('a', 0, 'failed'),
      run('a', 2, 'held'),
      run('a', 4, 'unassessed'),
      run('a', 1, 'held', { caseIndex: 1 }),
    ]);
    expect(clusters).toHaveLength(1);
    expect(clusters[0]).toMatchObject({
      triggerSignature: MIDDLE,
      failureType: 'position_bias',
      trigger: 'Fact in the middle',
      experimentId: 'a',
      reproducibility: rateOf(2, 3),
      novelty: 'new',
      previousFailureId: null,
      failedRunIds: ['a/0', 'b/0'],
      evidence: [],
    });
  });

  it('shows the run that quotes evidence, and each passage once, shortened, ten at most', () => {
    const passage = (n: number): Evidence => ({ messageIndex: n, quote: `quote ${n}`, explanation: 'why' });
    const long = { quote: 'é'.repeat(5_000), explanation: 'too long' };
    const { clusters } = discovery([
      run('a', 0, 'failed'),
      run('a', 1, 'failed', { evidence: [passage(1), long, passage(1)] }),
      run('a', 2, 'failed', { evidence: Array.from({ length: 30 }, (_, n) => passage(n)) }),
    ]);
    const [cluster] = clusters;
    expect(cluster?.example.id).toBe('a/1');
    expect(cluster?.evidence).toHaveLength(10);
    expect(cluster?.evidence.slice(0, 3)).toEqual([
      { quote: 'quote 1', explanation: 'why' },
      { quote: 'é'.repeat(500), explanation: 'too long' },
      { quote: 'quote 0', explanation: 'why' },
    ]);
  });

  it('puts the most severe type first, then goes by signature', () => {
    const { clusters } = discovery([
      run('a', 1, 'failed', { caseIndex: 1 }),
      run('a', 0, 'failed'),
      run('c', 0, 'failed'),
    ]);
    expect(clusters.map(({ triggerSignature }) => triggerSignature)).toEqual([
      'demo/instruction_override/override-phrase',
      'demo/position_bias/fact-at-the-end',
      MIDDLE,
    ]);
  });

  it('calls an open failure in nearly the same words seen, and one that is open no longer new', () => {
    const inOtherWords = (state: FailureState, failureType: FailureType = 'position_bias') => ({
      ...known(state, `demo/${failureType}/a-fact-in-the-middle`),
      failureType,
      trigger: 'a fact in the middle',
    });
    const found = (...failures: ReturnType<typeof inOtherWords>[]) =>
      discover({
        target: 'demo',
        experiments: [experiment('a', 'position_bias', 'Fact in the middle')],
        runs: [run('a', 0, 'failed')],
        knownFailures: failures,
      }).clusters.map(({ triggerSignature, novelty, previousFailureId }) => [
        triggerSignature,
        novelty,
        previousFailureId,
      ]);
    expect(found(inOtherWords('open'))).toEqual([[MIDDLE, 'seen', inOtherWords('open').failureId]]);
    expect(found(inOtherWords('resolved'))).toEqual([[MIDDLE, 'new', null]]);
    expect(found(inOtherWords('open', 'recency_bias'))).toEqual([[MIDDLE, 'new', null]]);
    // What is known in the same words decides before what is alike.
    expect(found(inOtherWords('open'), known('resolved'))).toEqual([
      [MIDDLE, 'regressed', `known ${MIDDLE}`],
    ]);
    expect(found({ ...inOtherWords('open'), trigger: 'a fact at the end' })).toEqual([[MIDDLE, 'new', null]]);
  });

  it.each([
    ['open', 'seen'],
    ['not_reproduced', 'regressed'],
    ['resolved', 'regressed'],
  ] as const)('calls a failure known as %s %s, and leaves its state alone', (state, novelty) => {
    const { clusters, stateChanges } = discovery([run('a', 0, 'failed')], [known(state)]);
    expect(clusters[0]).toMatchObject({ novelty, previousFailureId: `known ${MIDDLE}` });
    expect(stateChanges).toEqual([]);
  });

  it.each([
    ['three held runs', 'open', ['held', 'held', 'held'], 1],
    ['two held runs', 'open', ['held', 'held', 'unassessed'], 0],
    ['errors only', 'open', ['unassessed', 'unassessed', 'unassessed', 'unassessed'], 0],
    ['one failed run', 'open', ['held', 'held', 'held', 'failed'], 0],
    ['three held runs', 'resolved', ['held', 'held', 'held'], 0],
    ['three held runs', 'not_reproduced', ['held', 'held', 'held'], 0],
    ['no run at all', 'open', [], 0],
  ] as const)('after %s of a failure known as %s (%j) changes %i states', (_, state, outcomes, changes) => {
    const runs = outcomes.map((outcome, ordinal) => run(ordinal % 2 === 0 ? 'a' : 'b', ordinal, outcome));
    const { stateChanges } = discovery(runs, [known(state)]);
    const expected = { failureId: `known ${MIDDLE}`, state: 'not_reproduced' };
    expect(stateChanges).toEqual(changes === 1 ? [expected] : []);
  });

  it.each([run('unknown', 0, 'held'), run('a', 0, 'unassessed', { caseIndex: 7 })])(
    'refuses a run without its test case: %j',
    (stray) => {
      expect(() => discovery([stray])).toThrow('belongs to no test case of the cycle');
    },
  );

  const runs = fc
    .array(
      fc.tuple(
        fc.constantFrom('a', 'b', 'c'),
        fc.constantFrom(...RUN_OUTCOMES),
        fc.boolean(),
        fc.array(fc.record({ quote: fc.string(), explanation: fc.constant('why') }), { maxLength: 3 }),
      ),
      { maxLength: 60 },
    )
    .map((items) =>
      items.map(([id, outcome, second, evidence], ordinal) =>
        run(id, ordinal, outcome, { caseIndex: id === 'a' && second ? 1 : 0, evidence }),
      ),
    );
  const memory = fc.subarray([known('open'), known('resolved', 'demo/instruction_override/override-phrase')]);

  it('does not depend on the order of the runs', () => {
    const shuffles = runs.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffles, memory, ([all, shuffled], knownFailures) => {
        expect(discovery(shuffled, knownFailures)).toEqual(discovery(all, knownFailures));
      }),
    );
  });

  it('puts every failed run into exactly one cluster and every assessed run into at most one rate', () => {
    fc.assert(
      fc.property(runs, (all) => {
        const { clusters } = discovery(all);
        const failed = all.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id);
        expect(clusters.flatMap(({ failedRunIds }) => failedRunIds).toSorted()).toEqual(failed.toSorted());
        const assessed = clusters.reduce((sum, { reproducibility }) => sum + reproducibility.n, 0);
        expect(assessed).toBeLessThanOrEqual(all.filter(({ outcome }) => outcome !== 'unassessed').length);
      }),
    );
  });

  it('is not moved by runs that could not be assessed', () => {
    fc.assert(
      fc.property(runs, memory, (all, knownFailures) => {
        const assessed = all.filter(({ outcome }) => outcome !== 'unassessed');
        expect(discovery(all, knownFailures)).toEqual(discovery(assessed, knownFailures));
      }),
    );
  });
});
