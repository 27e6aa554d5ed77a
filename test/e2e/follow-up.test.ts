import { z } from 'zod';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, type Result } from './research-client';

jest.setTimeout(60_000);

const Rate = z.object({ count: z.number(), n: z.number(), value: z.number().nullable() });
const Part = z.object({ kind: z.string(), where: z.string(), text: z.string() });
const FollowUp = z.looseObject({
  state: z.literal('done'),
  calls: z.number(),
  calls_permitted: z.number(),
  summary: z.string(),
  minimal_stimulus: z.looseObject({
    turns: z.array(z.string()).min(1),
    bytes: z.number(),
    original_bytes: z.number(),
    reduced: z.boolean(),
    verified: Rate.nullable(),
  }),
  trigger: z.object({
    necessary: z.array(Part),
    irrelevant: z.array(Part),
    undecided: z.array(Part),
    fixed: z.array(Part),
    variations: z.array(Rate.extend({ kind: z.string(), change: z.string() })).min(3),
  }),
  reproducibility: Rate,
  runs: z.array(
    z.looseObject({ ordinal: z.number(), step: z.string(), outcome: z.string(), seed: z.number() }),
  ),
});
const Failure = z.looseObject({
  failure_type: z.string(),
  follow_up: FollowUp,
  reproducibility: Rate,
  reproducibility_from: z.literal('variations'),
  observed: Rate,
});

describe('the failures of the demo application', () => {
  let stack: Stack;
  let client: ResearchClient;
  let result: Result;
  let failures: z.infer<typeof Failure>[];

  beforeAll(async () => {
    stack = await startStack();
    client = await ResearchClient.at(stack.url);
    result = await client.run({ max_hypotheses: 30, max_experiments: 1, replay_pairs: 5 });
    failures = await Promise.all(
      result.failures.map(async ({ id }) => Failure.parse(await client.get(`/failures/${id}`))),
    );
  }, 120_000);
  afterAll(() => stack.stop());

  it('get a shortest stimulus that fails again, most of them a shorter one', () => {
    expect(failures.length).toBeGreaterThan(10);
    for (const { failure_type: type, follow_up: followUp } of failures) {
      const { reduced, bytes, original_bytes: before, verified } = followUp.minimal_stimulus;
      expect({ type, shorter: bytes < before }).toEqual({ type, shorter: reduced });
      expect({ type, lost: reduced && verified?.count === 0 }).toEqual({ type, lost: false });
      expect(followUp.calls).toBeLessThanOrEqual(followUp.calls_permitted);
      expect(followUp.runs).toHaveLength(followUp.calls);
    }
  });

  it('are as reproducible as their variations say, and keep what the runs said', () => {
    for (const { id, reproducibility } of result.failures) {
      const failure = failures.find((one) => one['id'] === id);
      const followUp = failure?.follow_up;
      const played = followUp?.trigger.variations.reduce((sum, { n }) => sum + n, 0);
      expect(reproducibility).toMatchObject({ n: played, count: followUp?.reproducibility.count });
      expect(failure?.observed.count).toBeGreaterThan(0);
    }
  });

  it('are played with fresh seeds, each play with its bill', async () => {
    for (const { follow_up: followUp } of failures) {
      const seeds = followUp.runs.map(({ seed }) => seed);
      expect(new Set(seeds).size).toBe(seeds.length);
      expect(Math.min(...seeds)).toBeGreaterThanOrEqual(2_000_000);
    }
    const [open] = await stack.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM cost_ledger WHERE operation LIKE 'follow_up/%' AND state <> 'settled'`,
    );
    expect(open?.n).toBe(0);
  });
});
