import { demoOverTheWire, startDemoOverTheWire } from '../support/demo-over-the-wire';
import type { OpenAiServer } from '../support/openai-server';
import type { Fault } from '../support/protocol-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, type Experiment, type Result } from './research-client';

jest.setTimeout(120_000);

const FAULTS = { decimal_versions: 0.5, tidy_deletes: 0.5, override_leak: 0.5, story_leak: 0.5 };
const REQUEST = { max_hypotheses: 6, max_experiments: 1, runs_per_experiment: 12, replay_pairs: 5 };
/** Of the kind that no further attempt helps. */
const REFUSED: Fault = { fault: 'status', status: 400 };

describe('a target that fails every third call', () => {
  let servers: readonly OpenAiServer[];
  let stack: Stack;
  let sound: Result;
  let failing: Result;
  let refusing: Result;

  beforeAll(async () => {
    servers = await Promise.all([
      startDemoOverTheWire(FAULTS, () => Promise.resolve(undefined)),
      startDemoOverTheWire(FAULTS, (call) => Promise.resolve(call % 3 === 2 ? REFUSED : undefined)),
      startDemoOverTheWire(FAULTS, () => Promise.resolve(REFUSED)),
    ]);
    const [whole, broken, refuser] = servers.map(demoOverTheWire);
    stack = await startStack({
      settings: {
        targets: { sound: whole ?? {}, failing: broken ?? {}, refusing: refuser ?? {} },
        // One after another, so that it is the same calls that fail whenever this runs.
        experiments: { max_parallel: 1, follow_up_calls: 0 },
      },
    });
    const client = await ResearchClient.at(stack.url);
    sound = await client.run({ ...REQUEST, target: 'sound' });
    failing = await client.run({ ...REQUEST, target: 'failing' });
    refusing = await client.run({ ...REQUEST, target: 'refusing' });
  }, 180_000);
  afterAll(async () => {
    await stack.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  /** The same experiment of both cycles. */
  const pairs = (): readonly (readonly [Experiment, Experiment])[] =>
    sound.experiments.map((experiment) => {
      const same = failing.experiments.find(({ title }) => title === experiment.title);
      if (same === undefined) throw new Error(`only one cycle has ${experiment.title}`);
      return [experiment, same];
    });

  it('has runs that count neither way, in every experiment', () => {
    expect(pairs()).toHaveLength(REQUEST.max_hypotheses);
    for (const [, { outcomes, failure_rate: rate }] of pairs()) {
      expect(outcomes.unassessed).toBeGreaterThan(0);
      expect(rate).toMatchObject({ count: outcomes.failed, n: outcomes.failed + outcomes.held });
    }
  });

  it('has rates that differ from those of the sound target by no more than their intervals allow', () => {
    expect(pairs().map(([{ outcomes }]) => outcomes.unassessed)).toEqual(pairs().map(() => 0));
    const assessed = pairs().filter(([, broken]) => broken.failure_rate.n > 0);
    expect(assessed.length).toBeGreaterThan(3);
    for (const [whole, broken] of assessed) {
      expect(broken.failure_rate.low).toBeLessThanOrEqual(whole.failure_rate.value ?? Number.NaN);
      expect(broken.failure_rate.high).toBeGreaterThanOrEqual(whole.failure_rate.value ?? Number.NaN);
    }
  });

  it('has no rate, rather than 0, where no run could be assessed', () => {
    const rates = refusing.experiments.map(({ failure_rate: rate }) => rate);
    expect(rates).toHaveLength(REQUEST.max_hypotheses);
    for (const rate of rates) expect(rate).toMatchObject({ n: 0, value: null, low: null, high: null });
    expect(refusing.failures).toEqual([]);
  });

  it('has no failure that the sound target has not', () => {
    const signatures = ({ failures }: Result) =>
      failures.map(({ failure_type, trigger }) => `${failure_type}: ${trigger}`);
    expect(signatures(sound).length).toBeGreaterThan(1);
    expect(signatures(failing).length).toBeGreaterThan(0);
    expect(signatures(sound)).toEqual(expect.arrayContaining(signatures(failing)));
  });
});
