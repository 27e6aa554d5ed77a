import { experimentAction } from '../../activities/support/actions';
import type { ChatRequest } from '../../src/domain/chat';
import { startExperimentWorld } from '../support/experiment-world';
import type { ExperimentWorld, Played } from '../support/experiment-world';

jest.setTimeout(60_000);

const CASE = {
  trigger: 'a sum',
  turns: ['What is 2 + 2?'],
  failsWhen: { kind: 'contains', any: ['five'] },
} as const;

let worlds: ExperimentWorld;
beforeAll(async () => void (worlds = await startExperimentWorld()), 60_000);
afterAll(() => worlds?.stop());

/** Fails in every third run, whatever order they come in. */
const everyThird = ({ seed = 0 }: ChatRequest): string => (seed % 3 === 1 ? 'five' : 'four');

async function play(runs: number, played: Played) {
  const { cycleId, experimentId } = await worlds.designed([CASE], runs);
  const { stores, prisma } = worlds.world;
  const { describe: target } = worlds.target;
  const action = experimentAction(await stores.experiments.get(experimentId), target);
  const asked = await worlds.run('runExperiment', { cycleId, action }, played);
  const row = await prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } });
  const recorded = await prisma.experimentRun.findMany({
    where: { experimentId },
    orderBy: { ordinal: 'asc' },
  });
  const ledger = await prisma.costEntry.groupBy({ by: ['state'], where: { cycleId }, _count: true });
  return {
    asked: asked.map(({ seed }) => seed ?? -1),
    state: row.state,
    stopped: row.stoppedEarly,
    outcomes: recorded.map(({ ordinal, outcome }) => `${ordinal} ${outcome}`),
    ledger: Object.fromEntries(ledger.map(({ state, _count }) => [state, _count])),
  };
}

describe('an experiment with many runs', () => {
  it('ends at the look at which a failure is established, and plays and pays nothing more', async () => {
    const { asked, stopped, outcomes, state, ledger } = await play(60, { says: everyThird });
    expect(state).toBe('done');
    expect(stopped).toMatchObject({ afterRuns: 10, triggers: [{ verdict: 'established' }] });
    expect(outcomes).toHaveLength(10);
    expect(asked.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(ledger).toEqual({ settled: 10 });
  });

  it('ends when a failure is refuted', async () => {
    const { stopped, outcomes } = await play(60, { says: () => 'four' });
    expect(stopped).toMatchObject({ afterRuns: 25, triggers: [{ verdict: 'refuted' }] });
    expect(outcomes).toHaveLength(25);
  });

  it('plays all it was asked for where nothing is settled, and where there are ten or fewer', async () => {
    expect(await play(20, { says: () => 'four' })).toMatchObject({ stopped: null, ledger: { settled: 20 } });
    expect(await play(10, { says: () => 'five' })).toMatchObject({ stopped: null, ledger: { settled: 10 } });
  });

  it('concludes the same whatever order its runs come back in', async () => {
    // Rare enough that the look at ten runs decides nothing.
    const says = ({ seed = 0 }: ChatRequest): string => ([3, 12, 17].includes(seed) ? 'five' : 'four');
    const inOrder = await play(60, { says });
    const delays = [
      ({ seed = 0 }) => 40 - (seed % 5) * 10,
      ({ seed = 0 }) => (seed % 2) * 30,
      ({ seed = 0 }) => (seed * 7) % 23,
    ];
    expect(inOrder.stopped).toMatchObject({ afterRuns: 20 });
    for (const takesMs of delays) {
      const { asked, ...other } = await play(60, { says, takesMs });
      expect(inOrder).toMatchObject(other);
      expect(asked).toHaveLength(20);
    }
  });

  it('concludes the same after a crash, and repeats no run that is recorded', async () => {
    const says = ({ seed = 0 }: ChatRequest): string => ([3, 12, 17].includes(seed) ? 'five' : 'four');
    const undisturbed = await play(60, { says });
    for (const at of [1, 8, 13, 18]) {
      const { asked, stopped, outcomes, ledger } = await play(60, { says, breaksAt: new Set([at]) });
      expect({ stopped, outcomes }).toEqual({ stopped: undisturbed.stopped, outcomes: undisturbed.outcomes });
      // What was under way when it broke down is asked again, and nobody knows whether it was billed.
      expect(asked.length - outcomes.length).toBeLessThanOrEqual(5);
      expect(ledger['reserved'] ?? 0).toBe(0);
      expect(ledger['settled']).toBe(20);
    }
  });
});
